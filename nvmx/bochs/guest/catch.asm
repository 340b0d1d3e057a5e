; Whatever ends the instruction: note what the processor did, probe VMX operation, reset.
;
; The stubs make all vectors look alike to the three handlers below.  These find on their stack, from the top:
;
;   catch16  real-address mode          vector, error code 0, IP,  CS, FLAGS              16 bits each
;   catch32  from ring 0                vector, error code,   EIP, CS, EFLAGS             32 bits each
;            from rings 1 to 3          the same, then ESP, SS
;            from virtual-8086 mode     the same, then ES, DS, FS, GS
;   catch64  from any ring              vector, error code,   RIP, CS, RFLAGS, RSP, SS    64 bits each
;
; A probe faults in ring 0, too, with [resume] set: then the handler drops all that and goes on there.

stub_size       equ 16

%macro  stubs   1                       ; an entry for each of 32 vectors, in code of %1 bits
        bits    %1
        align   stub_size
stubs%1:
%assign number 0
%rep 32
        times   stub_size * number - ($ - stubs%1) nop
%if %1 = 16 || !(number = 8 || (number >= 10 && number <= 14) || number = 17 || number = 21)
        push    byte 0                  ; the processor pushes no error code for these
%endif
        push    byte number
        jmp     near catch%1
%assign number number + 1
%endrep
        times   stub_size * number - ($ - stubs%1) nop
%endmacro

%macro  conclude 0                      ; what every mode reads alike, then the end of the case
        sub     dword [moved], CODE
        to_eax  cr4
        mov     [cr4_read], eax
        mov     ecx, IA32_EFER
        rdmsr
        mov     [efer_read], eax
        probe
        mov     [after], eax
        cmp     eax, 2
        jne     hard_reset
        mov     edx, VM_INSTRUCTION_ERROR
%if __BITS__ == 64
        vmread  rax, rdx
%else
        vmread  eax, edx
%endif
        mov     [vm_error], eax
        jmp     hard_reset
%endmacro

%macro  rights  2                       ; a selector's access rights, as the VMCS has them, to a variable
        lar     eax, %1
        shr     eax, 8
        and     eax, RIGHTS_MASK
        mov     [%2], eax
%endmacro

        stubs   32
catch32:
        mov     eax, DATA
        mov     ds, eax
        mov     es, eax
        cmp     dword [resume], 0
        jne     .probing
        mov     eax, cr0
        mov     [cr0_read], eax
        pop     dword [vector]
        pop     dword [error]
        pop     dword [moved]
        pop     ecx                     ; CS
        pop     dword [flags]
        mov     edx, ss
        test    byte [flags + 2], RFLAGS_VM >> 16
        jnz     .v86
        test    cl, RPL
        jz      .rights
        mov     edx, [esp + 4]          ; SS of the outer ring
.rights:
        rights  ecx, cs_read
        rights  edx, ss_read
        conclude
.v86:   mov     dword [cs_read], RIGHTS_V86
        mov     dword [ss_read], RIGHTS_V86
        conclude
.probing:
        mov     eax, [resume]
        mov     dword [resume], 0
        add     esp, 20
        jmp     eax

        stubs   64
catch64:
        cmp     dword [resume], 0
        jne     .probing
        mov     rax, cr0
        mov     [cr0_read], eax
        pop     rax
        mov     [vector], eax
        pop     rax
        mov     [error], eax
        pop     rax
        mov     [moved], eax
        pop     rcx                     ; CS
        pop     rax
        mov     [flags], eax
        mov     edx, [rsp + 8]          ; SS
        rights  ecx, cs_read
        rights  edx, ss_read
        conclude
.probing:
        mov     eax, [resume]
        mov     dword [resume], 0
        mov     rsp, [rsp + 40]
        jmp     rax

        stubs   16
catch16:
        xor     ax, ax
        mov     ds, ax
        pop     ax
        movzx   eax, ax
        mov     [vector], eax
        pop     ax
        pop     ax
        movzx   eax, ax
        mov     [moved], eax
        pop     ax
        pop     ax
        movzx   eax, ax
        mov     [flags], eax
        mov     eax, cr0
        mov     [cr0_read], eax
        or      al, CR0_PE              ; the rest is the 32-bit handler's
        mov     cr0, eax
        jmp     dword CODE32:.protected
        bits    32
.protected:
        mov     eax, DATA
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        mov     esp, STACK
        lidt    [idt32]
        mov     dword [cs_read], RIGHTS_CODE    ; real-address mode is ring 0
        mov     dword [ss_read], RIGHTS_DATA
        conclude
