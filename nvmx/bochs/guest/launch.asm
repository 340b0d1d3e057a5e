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
        control PIN_BASED_CONTROLS, IA32_VMX_PINBASED_CTLS
        mov     eax, [current + case.cr0]
        and     eax, CR0_PG | CR0_PE
        cmp     eax, CR0_PG | CR0_PE
        je      .restricted
        mov     r9d, ENABLE_EPT | UNRESTRICTED_GUEST
        control SECONDARY_PROCESSOR_BASED_CONTROLS, IA32_VMX_PROCBASED_CTLS2
        mov     r9d, SECONDARY_CONTROLS
.restricted:
        control PRIMARY_PROCESSOR_BASED_CONTROLS, IA32_VMX_PROCBASED_CTLS
        xor     r9d, r9d
        control VM_EXIT_CONTROLS, IA32_VMX_EXIT_CTLS, HOST_64_BIT
        movzx   r9d, word [current + case.efer]
        add     r9d, r9d                ; EFER_LME becomes IA32E_GUEST, the next bit
        control VM_ENTRY_CONTROLS, IA32_VMX_ENTRY_CTLS

        mov     rax, cr0
        set     HOST_CR0
        mov     rax, cr3
        set     HOST_CR3
        mov     rax, cr4
        set     HOST_CR4
        set     GUEST_CR0, [current + case.cr0]
        set     GUEST_CR4, [current + case.cr4]
        mov     eax, PML4
        test    word [current + case.efer], EFER_LME
        jnz     .tables
        mov     eax, PDPT32
.tables:
        set     GUEST_CR3
        set     GUEST_RFLAGS, [current + case.flags]

        mov     esi, LIMIT_64K
        xor     edi, edi                ; DS and the like: selector, access rights
        movzx   ebp, word [current + case.ss_rights]
        test    word [current + case.cs_rights], RIGHTS_4K_UNITS
        jz      .small                  ; byte-granular: real-address or virtual-8086 mode
        mov     esi, LIMIT_4G
        mov     edi, USER_DATA
        mov     ebp, RIGHTS_DATA | RIGHTS_RING3 | RIGHTS_32_BIT | RIGHTS_4K_UNITS
.small: movzx   eax, word [current + case.cs]
        set     GUEST_CS_SELECTOR
        movzx   eax, word [current + case.ss]
        set     GUEST_SS_SELECTOR
        movzx   eax, word [current + case.cs_rights]
        set     GUEST_CS_ACCESS_RIGHTS
        movzx   eax, word [current + case.ss_rights]
        set     GUEST_SS_ACCESS_RIGHTS
        xor     r8d, r8d                ; ES, (CS, SS,) DS, FS, GS: two apart in each group of fields
.segment:
        lea     edx, [r8 + GUEST_ES_LIMIT]
        mov     eax, esi
        vmwrite rdx, rax
        cmp     r8d, GUEST_CS_SELECTOR - GUEST_ES_SELECTOR
        je      .next
        cmp     r8d, GUEST_SS_SELECTOR - GUEST_ES_SELECTOR
        je      .next
        lea     edx, [r8 + GUEST_ES_SELECTOR]
        mov     eax, edi
        vmwrite rdx, rax
        lea     edx, [r8 + GUEST_ES_ACCESS_RIGHTS]
        mov     eax, ebp
        vmwrite rdx, rax
.next:  add     r8d, 2
        cmp     r8d, 10
        jbe     .segment

        test    word [current + case.cs_rights], RIGHTS_4K_UNITS
        jz      .enter
        movzx   eax, word [current + case.ss]   ; of DS and SS, each case has its own
        lsl     eax, eax
        set     GUEST_SS_LIMIT
        movzx   eax, word [current + case.ds]
        set     GUEST_DS_SELECTOR
        lsl     eax, eax
        jnz     .unusable
        set     GUEST_DS_LIMIT
        jmp     .enter
.unusable:
        set     GUEST_DS_ACCESS_RIGHTS, RIGHTS_UNUSABLE
.enter: operand
        vmlaunch
        get     VM_INSTRUCTION_ERROR, vm_error  ; only a refused VM entry comes here
        jmp     hard_reset

exited: get     EXIT_REASON, exit_reason
        test    eax, eax
        js      hard_reset              ; VM entry failed
        mov     dword [stage], EXECUTED
        mov     dword [before_read], BEFORE_VMLAUNCH
        get     GUEST_RIP, moved
        sub     dword [moved], CODE
        get     GUEST_RFLAGS, flags
        get     GUEST_CR0, cr0_read
        get     GUEST_CR4, cr4_read
        get     GUEST_CS_ACCESS_RIGHTS, cs_read
        get     GUEST_SS_ACCESS_RIGHTS, ss_read
        get     VM_ENTRY_CONTROLS, efer_read    ; the VM exit saves EFER.LMA in IA32E_GUEST
        and     eax, IA32E_GUEST
        add     eax, eax
        mov     [efer_read], eax
        cmp     dword [exit_reason], 0
        jne     .probe
        get     VM_EXIT_INTERRUPTION_INFORMATION, vector
        movzx   ecx, al
        mov     [vector], ecx
        test    eax, ERROR_CODE_VALID
        jz      .no_error
        get     VM_EXIT_INTERRUPTION_ERROR_CODE, error
        jmp     .probe
.no_error:
        and     eax, INTERRUPTION_TYPE
        cmp     eax, SOFTWARE_EXCEPTION         ; INT3 is a trap elsewhere: count its length
        jne     .probe
        mov     edx, VM_EXIT_INSTRUCTION_LENGTH
        vmread  rax, rdx
        add     [moved], eax
.probe: probe
        mov     [after], eax
        jmp     hard_reset

%macro  constant 2
        dd      %1, %2
%endmacro
constants:
        constant EXCEPTION_BITMAP, EVERY_EXCEPTION      ; every exception exits
        constant PAGE_FAULT_ERROR_CODE_MASK, 0
        constant PAGE_FAULT_ERROR_CODE_MATCH, 0
        constant CR3_TARGET_COUNT, 0
        constant VM_EXIT_MSR_STORE_COUNT, 0
        constant VM_EXIT_MSR_LOAD_COUNT, 0
        constant VM_ENTRY_MSR_LOAD_COUNT, 0
        constant VM_ENTRY_INTERRUPTION_INFORMATION, 0   ; nothing is injected
        constant SECONDARY_PROCESSOR_BASED_CONTROLS, 0
        constant CR0_GUEST_HOST_MASK, 0                 ; the guest owns CR0 and CR4
        constant CR4_GUEST_HOST_MASK, 0
        constant EPT_POINTER, EPT_PML4 + EPTP_FOUR_LEVELS + EPTP_WRITE_BACK
        constant EPT_POINTER + HIGH_HALF, 0
        constant VMCS_LINK_POINTER, NONE
        constant VMCS_LINK_POINTER + HIGH_HALF, NONE
        constant GUEST_IA32_DEBUGCTL, 0
        constant GUEST_LDTR_SELECTOR, 0
        constant GUEST_LDTR_LIMIT, 0
        constant GUEST_LDTR_ACCESS_RIGHTS, RIGHTS_UNUSABLE
        constant GUEST_LDTR_BASE, 0
        constant GUEST_TR_SELECTOR, TASK64
        constant GUEST_TR_LIMIT, TSS_LIMIT
        constant GUEST_TR_ACCESS_RIGHTS, RIGHTS_BUSY_TSS
        constant GUEST_TR_BASE, TSS64
        constant GUEST_ES_BASE, 0
        constant GUEST_CS_BASE, 0
        constant GUEST_SS_BASE, 0
        constant GUEST_DS_BASE, 0
        constant GUEST_FS_BASE, 0
        constant GUEST_GS_BASE, 0
        constant GUEST_GDTR_BASE, GDT
        constant GUEST_IDTR_BASE, IDT32
        constant GUEST_GDTR_LIMIT, LIMIT_64K
        constant GUEST_IDTR_LIMIT, LIMIT_64K
        constant GUEST_INTERRUPTIBILITY_STATE, 0
        constant GUEST_ACTIVITY_STATE, 0
        constant GUEST_IA32_SYSENTER_CS, 0
        constant GUEST_IA32_SYSENTER_ESP, 0
        constant GUEST_IA32_SYSENTER_EIP, 0
        constant GUEST_DR7, DR7_RESET
        constant GUEST_RSP, USER_STACK
        constant GUEST_RIP, CODE
        constant GUEST_PENDING_DEBUG_EXCEPTIONS, 0
        constant HOST_ES_SELECTOR, DATA
        constant HOST_CS_SELECTOR, CODE64
        constant HOST_SS_SELECTOR, DATA
        constant HOST_DS_SELECTOR, DATA
        constant HOST_FS_SELECTOR, DATA
        constant HOST_GS_SELECTOR, DATA
        constant HOST_TR_SELECTOR, TASK64
        constant HOST_FS_BASE, 0
        constant HOST_GS_BASE, 0
        constant HOST_TR_BASE, TSS64
        constant HOST_GDTR_BASE, GDT
        constant HOST_IDTR_BASE, IDT64
        constant HOST_IA32_SYSENTER_CS, 0
        constant HOST_IA32_SYSENTER_ESP, 0
        constant HOST_IA32_SYSENTER_EIP, 0
        constant HOST_RSP, STACK
        constant HOST_RIP, exited
constants_end:
