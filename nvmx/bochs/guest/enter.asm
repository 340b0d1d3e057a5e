; Into the mode of the case, and to the instruction, for all but guests.

%macro  to_eax  1                       ; a control register's low half
%if __BITS__ == 64
        mov     rax, %1
%else
        mov     eax, %1
%endif
%endmacro

%macro  probe   0                       ; eax: 0 outside VMX operation, 1 in it, 2 in it with a current VMCS
        mov     dword [resume], %%fault
        mov     dword [pointer], 0
        vmptrst [pointer]
        mov     dword [resume], 0
        mov     eax, 1
        cmp     dword [pointer], NONE   ; all ones: no VMCS is current
        je      %%done
        mov     eax, 2
        jmp     %%done
%%fault:
        xor     eax, eax
%%done:
%endmacro

%macro  come_before 0                   ; what the case asks for: nothing, VMXON, or VMXON and VMPTRLD
        cmp     word [current + case.before], BEFORE_NOTHING
        je      %%done
        mov     dword [stage], AT_VMXON
        mov     dword [pointer], VMXON_REGION
        mov     dword [pointer + 4], 0
        vmxon   [pointer]
        jbe     hard_reset
        cmp     word [current + case.before], BEFORE_VMXON
        je      %%done
        mov     dword [stage], AT_VMPTRLD
        mov     dword [pointer], VMCS
        vmclear [pointer]
        jbe     hard_reset
        vmptrld [pointer]
        jbe     hard_reset
%%done: probe
        mov     [before_read], eax
%endmacro

%macro  operand 0                       ; where the case's operand is, to the registers by which instructions read it
%if __BITS__ == 64
        mov     rdi, [address]
        mov     rbp, rdi
%else
        mov     edi, [address]
        mov     ebp, edi
%endif
        mov     ebx, edi
%endmacro

        bits    32
prepare:
        mov     dword [stage], AT_CR4
        mov     eax, [current + case.cr4]
        mov     cr4, eax
        mov     dword [stage], AT_CR0
        cmp     word [current + case.before], BEFORE_VMLAUNCH
        je      long_mode               ; for the host; VM entry leads to the mode of the case
        test    word [current + case.efer], EFER_LME
        jnz     long_mode
        mov     eax, PDPT32
        mov     cr3, eax
        mov     eax, [current + case.cr0]
        or      eax, CR0_PE             ; real-address mode comes last
        mov     cr0, eax
        jmp     .paged
.paged: mov     eax, TASK32
        ltr     ax
        come_before
        test    byte [current + case.cr0], CR0_PE
        jz      real
        mov     dword [stage], EXECUTED
        operand
        movzx   ecx, word [current + case.cs]
        movzx   edx, word [current + case.ss]
        mov     eax, [current + case.flags]
        test    eax, RFLAGS_VM
        jz      .protected
        push    dword 0                 ; virtual-8086 mode: GS, FS, DS, ES
        push    dword 0
        push    dword 0
        push    dword 0
        jmp     .outer
.protected:
        mov     esi, USER_DATA
        mov     es, esi
        movzx   esi, word [current + case.ds]
        mov     ds, esi
        test    cl, RPL
        jnz     .outer
        mov     ss, edx
        jmp     .inner
.outer: push    edx
        push    dword USER_STACK
.inner: push    eax
        push    ecx
        push    dword CODE
        iretd

real:   mov     dword [stage], EXECUTED
        lidt    [ivt]
        jmp     REAL_CODE:(.leave - $$)
        bits    16
.leave: mov     ax, REAL_DATA
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     eax, [current + case.cr0]
        mov     cr0, eax
        jmp     ROM_SEGMENT:(.real - $$)
.real:  xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, STACK
        operand
        push    word [current + case.flags]
        push    ax
        push    word CODE
        iret

        bits    32
long_mode:
        mov     ecx, IA32_EFER
        rdmsr
        or      eax, EFER_LME
        wrmsr
        mov     eax, PML4
        mov     cr3, eax
        mov     eax, [current + case.cr0]
        cmp     word [current + case.before], BEFORE_VMLAUNCH
        jne     .paging
        or      eax, CR0_PG | CR0_PE
.paging:
        mov     cr0, eax
        jmp     CODE64:.wide
        bits    64
.wide:  lidt    [idt64]
        mov     eax, TASK64
        ltr     ax
        come_before
        cmp     word [current + case.before], BEFORE_VMLAUNCH
        je      launch
        mov     dword [stage], EXECUTED
        mov     esi, USER_DATA
        mov     es, esi
        movzx   esi, word [current + case.ds]
        mov     ds, esi
        operand
        movzx   eax, word [current + case.ss]
        push    rax
        push    USER_STACK
        mov     eax, [current + case.flags]
        push    rax
        movzx   eax, word [current + case.cs]
        push    rax
        push    CODE
        iretq
