; The same as the guest of a hypervisor: VM entry loads the whole state of the case and lands on the instruction.

%macro  set     1-2                     ; VMCS field, value (none: rax)
%if %0 = 2
        mov     eax, %2
%endif
        mov     edx, %1
        vmwrite rdx, rax
%endmacro

%macro  get     2                       ; VMCS field, variable
        mov     edx, %1
        vmread  rax, rdx
        mov     [%2], eax
%endmacro

%macro  control 2-3 0                   ; VMCS field, the MSR with its allowed settings, wanted bits (and those of r9d)
        mov     ecx, %2
        rdmsr                           ; eax: bits that must be 1, edx: bits that may be
        or      eax, %3
        or      eax, r9d
        and     eax, edx                ; a wanted bit that does not exist is lost, and VM entry refuses the state
        set     %1
%endmacro

        bits    64
launch: mov     dword [stage], AT_VMLAUNCH
        mov     esi, constants
.constant:
        mov     edx, [rsi]
        movsxd  rax, dword [rsi + 4]
        vmwrite rdx, rax
        add     esi, 8
        cmp     esi, constants_end
        jb      .constant

        xor     r9d, r9d
        control 4000h, 481h             ; pin-based
        mov     eax, [current + case.cr0]
        and     eax, 80000001h
        cmp     eax, 80000001h
        je      .restricted
        mov     r9d, 82h                ; EPT, unrestricted guest
        control 401Eh, 48Bh
        mov     r9d, 80000000h          ; activate secondary controls
.restricted:
        control 4002h, 482h             ; processor-based
        xor     r9d, r9d
        control 400Ch, 483h, 200h       ; VM exit: to a 64-bit host
        mov     r9d, [current + case.efer]
        add     r9d, r9d                ; LME, bit 8, becomes "IA-32e mode guest", bit 9
        control 4012h, 484h             ; VM entry

        mov     rax, cr0
        set     6C00h
        mov     rax, cr3
        set     6C02h
        mov     rax, cr4
        set     6C04h
        set     6800h, [current + case.cr0]
        set     6804h, [current + case.cr4]
        mov     eax, PML4
        test    dword [current + case.efer], 100h
        jnz     .tables
        mov     eax, PDPT32
.tables:
        set     6802h
        set     6820h, [current + case.flags]

        mov     esi, 0FFFFh             ; limit
        xor     edi, edi                ; DS and the like: selector, access rights
        movzx   ebp, word [current + case.ss_rights]
        test    word [current + case.cs_rights], 8000h
        jz      .small                  ; byte-granular: real-address or virtual-8086 mode
        mov     esi, NONE
        mov     edi, USER_DATA
        mov     ebp, 0C0F3h
.small: movzx   eax, word [current + case.cs]
        set     0802h
        movzx   eax, word [current + case.ss]
        set     0804h
        movzx   eax, word [current + case.cs_rights]
        set     4816h
        movzx   eax, word [current + case.ss_rights]
        set     4818h
        xor     r8d, r8d                ; ES, (CS, SS,) DS, FS, GS: two apart in each group of fields
.segment:
        lea     edx, [r8 + 4800h]
        mov     eax, esi
        vmwrite rdx, rax
        cmp     r8d, 2
        je      .next
        cmp     r8d, 4
        je      .next
        lea     edx, [r8 + 0800h]
        mov     eax, edi
        vmwrite rdx, rax
        lea     edx, [r8 + 4814h]
        mov     eax, ebp
        vmwrite rdx, rax
.next:  add     r8d, 2
        cmp     r8d, 10
        jbe     .segment

        operand
        vmlaunch
        get     4400h, vm_error         ; only a refused VM entry comes here
        jmp     hard_reset

exited: get     4402h, exit_reason
        test    eax, eax
        js      hard_reset              ; VM entry failed
        mov     dword [stage], EXECUTED
        mov     dword [before_read], 3
        get     681Eh, moved
        sub     dword [moved], CODE
        get     6820h, flags
        get     6800h, cr0_read
        get     6804h, cr4_read
        get     4816h, cs_read
        get     4818h, ss_read
        get     4012h, efer_read        ; the VM exit saves LMA in "IA-32e mode guest"
        and     eax, 200h
        add     eax, eax
        mov     [efer_read], eax
        cmp     dword [exit_reason], 0
        jne     .probe
        get     4404h, vector
        movzx   ecx, al
        mov     [vector], ecx
        test    eax, 1 << 11
        jz      .no_error
        get     4406h, error
        jmp     .probe
.no_error:
        and     eax, 700h
        cmp     eax, 600h               ; INT3 is a trap elsewhere: count its length
        jne     .probe
        mov     edx, 440Ch
        vmread  rax, rdx
        add     [moved], eax
.probe: probe
        mov     [after], eax
        jmp     hard_reset

%macro  constant 2
        dd      %1, %2
%endmacro
constants:
        constant 4004h, NONE            ; every exception exits
        constant 4006h, 0
        constant 4008h, 0
        constant 400Ah, 0               ; no CR3 targets
        constant 400Eh, 0
        constant 4010h, 0
        constant 4014h, 0
        constant 4016h, 0               ; nothing is injected
        constant 401Eh, 0
        constant 6000h, 0               ; the guest owns CR0 and CR4
        constant 6002h, 0
        constant 201Ah, EPT_PML4 + 1Eh  ; EPT pointer: write-back, four levels
        constant 201Bh, 0
        constant 2800h, NONE            ; VMCS link pointer
        constant 2801h, NONE
        constant 2802h, 0
        constant 080Ch, 0               ; LDTR, unusable
        constant 480Ch, 0
        constant 4820h, 10000h
        constant 6812h, 0
        constant 080Eh, TASK64
        constant 480Eh, 67h
        constant 4822h, 8Bh
        constant 6814h, TSS64
        constant 6806h, 0               ; bases
        constant 6808h, 0
        constant 680Ah, 0
        constant 680Ch, 0
        constant 680Eh, 0
        constant 6810h, 0
        constant 6816h, GDT
        constant 6818h, IDT32
        constant 4810h, 0FFFFh
        constant 4812h, 0FFFFh
        constant 4824h, 0
        constant 4826h, 0
        constant 482Ah, 0
        constant 6824h, 0
        constant 6826h, 0
        constant 681Ah, 400h            ; DR7
        constant 681Ch, USER_STACK
        constant 681Eh, CODE
        constant 6822h, 0
        constant 0C00h, DATA            ; host
        constant 0C02h, CODE64
        constant 0C04h, DATA
        constant 0C06h, DATA
        constant 0C08h, DATA
        constant 0C0Ah, DATA
        constant 0C0Ch, TASK64
        constant 6C06h, 0
        constant 6C08h, 0
        constant 6C0Ah, TSS64
        constant 6C0Ch, GDT
        constant 6C0Eh, IDT64
        constant 4C00h, 0
        constant 6C10h, 0
        constant 6C12h, 0
        constant 6C14h, STACK
        constant 6C16h, exited
constants_end:
