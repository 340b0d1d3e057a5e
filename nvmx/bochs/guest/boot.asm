; From reset to a prepared case: 32-bit protected mode without paging.

        absolute VARIABLES
magic:          resd 1                  ; MAGIC: not the first boot
port:           resd 1                  ; where text goes
next:           resd 1                  ; number of the next case
crc:            resd 1                  ; CRC-32 of all lines so far
revision:       resd 1                  ; VMCS revision identifier
width:          resd 1                  ; physical-address width
resume:         resd 1                  ; where to go on when a probe faults; 0: no probe is under way
current:        resb case_size          ; the case
address:        resq 1                  ; of its operand
pointer:        resq 1                  ; a scratch operand
fixed:          resd 4                  ; IA32_VMX_CR0_FIXED0, CR0_FIXED1, CR4_FIXED0, CR4_FIXED1
result:                                 ; cleared before each case
stage:          resd 1
vector:         resd 1
error:          resd 1
flags:          resd 1
moved:          resd 1                  ; the saved RIP, less the instruction's address
exit_reason:    resd 1
vm_error:       resd 1
after:          resd 1                  ; 0 outside VMX operation, 1 in it, 2 in it with a current VMCS
cr0_read:       resd 1
cr4_read:       resd 1
efer_read:      resd 1
cs_read:        resd 1
ss_read:        resd 1
fc_read:        resd 1
a20m_read:      resd 1
before_read:    resd 1
result_end:

MAGIC           equ 786D766Eh           ; "nvmx"
NONE            equ 0FFFFFFFFh
FOUR_INT3       equ 0CCCCCCCCh
REVISION_MASK   equ 7FFFFFFFh           ; of IA32_VMX_BASIC
OPEN            equ PRESENT | WRITABLE | USER
CRC32_POLYNOMIAL equ 0EDB88320h         ; bit-reversed
LINE_FEED       equ 10
LOW_WORD        equ 500h                ; free memory, to see A20 by
        section .text

        bits    16
reset:  cli
        o32 lgdt [cs:rom_gdt - $$]
        mov     eax, cr0
        or      al, CR0_PE
        mov     cr0, eax
        jmp     dword CODE32:boot
rom_gdt:
        dw      gdt_end - gdt - 1
        dd      gdt

        bits    32
boot:   mov     eax, DATA
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        mov     esp, STACK
        cld
        in      al, SYSTEM_CONTROL_A
        or      al, A20_GATE
        and     al, ~FAST_RESET & 0FFh
        out     SYSTEM_CONTROL_A, al
        mov     esi, gdt
        mov     edi, GDT
        mov     ecx, gdt_end - gdt
        rep movsb
        lgdt    [ram_gdt]
        cmp     dword [magic], MAGIC
        je      .warm
        call    cold
        jmp     .fetch
.warm:  call    print_result
.fetch: mov     eax, [next]
        cmp     eax, CASES
        je      finish
        inc     dword [next]
        imul    esi, eax, case_size
        add     esi, TABLE
        mov     edi, current
        mov     ecx, case_size / 4
        rep movsd
        xor     eax, eax
        mov     [resume], eax
        mov     edi, result
        mov     ecx, (result_end - result) / 4
        rep stosd
        dec     eax
        mov     [vector], eax
        mov     [exit_reason], eax
        lidt    [idt32]

; The instruction, its operand and the VMXON region.
        mov     eax, [current + case.code]
        mov     [CODE], eax
        mov     eax, [current + case.code + 4]
        mov     [CODE + 4], eax
        mov     dword [CODE + 8], FOUR_INT3
        movzx   ecx, word [current + case.operand]
        mov     eax, [operands + ecx * 8]
        mov     [address], eax
        mov     eax, [operands + ecx * 8 + 4]
        mov     [address + 4], eax
        mov     dword [OPERAND + 4], 0
        mov     eax, TESTED_REGION
        xor     eax, [current + case.pointer_low]
        mov     [OPERAND], eax
        movzx   eax, word [current + case.pointer_wide]
        test    eax, eax
        jz      .narrow
        cmp     eax, 1
        jne     .wide
        mov     eax, [width]
.wide:  bts     [OPERAND], eax
.narrow:
        mov     edi, VMCS               ; or the last case's VM-instruction error would stand in it
        xor     eax, eax
        mov     ecx, 1024
        rep stosd
        mov     eax, [revision]
        mov     [VMXON_REGION], eax
        mov     [VMCS], eax
        xor     eax, [current + case.revision]
        mov     edi, TESTED_REGION      ; all of it: a pointer that is not aligned must not fail for its revision
        mov     ecx, 1024
        rep stosd

        mov     dword [stage], AT_FEATURE_CONTROL
        mov     ecx, IA32_FEATURE_CONTROL
        movzx   eax, word [current + case.feature_control]
        xor     edx, edx
        wrmsr
        rdmsr
        mov     [fc_read], eax
        xor     al, [current + case.feature_control]
        test    al, 7                   ; the three bits that a case asks for
        jnz     hard_reset              ; a stage short of EXECUTED says that this state was not reached

        mov     dword [stage], AT_A20
        cmp     word [current + case.a20m], 0
        je      .probe
        in      al, SYSTEM_CONTROL_A
        and     al, ~A20_GATE & 0FFh
        out     SYSTEM_CONTROL_A, al
.probe: mov     dword [LOW_WORD], 0     ; masked, a write one megabyte further up arrives here
        mov     dword [LOW_WORD + 100000h], 1
        mov     eax, [LOW_WORD]
        mov     [a20m_read], eax
        cmp     ax, [current + case.a20m]
        je      prepare
hard_reset:
        mov     dx, RESET_CONTROL
        mov     al, HARD_RESET
        out     dx, al
        mov     al, HARD_RESET | RESET_NOW
        out     dx, al
.wait:  hlt
        jmp     .wait

operands:
        dq      OPERAND, UNMAPPED, ACROSS, BEYOND, NOT_CANONICAL_63, NOT_CANONICAL_47
ram_gdt:
        dw      gdt_end - gdt - 1
        dd      GDT
idt32:  dw      32 * 8 - 1
        dd      IDT32
idt64:  dw      32 * 16 - 1
        dq      IDT64
ivt:    dw      3FFh
        dd      IVT

%macro  accepted 3                      ; prints the bits of a register that MOV sets to what its MSRs (%2) forbid,
        mov     ebx, %1                 ; one by one, without those that have an axis of their own (%3)
        xor     ebp, ebp
        mov     ecx, 31
%%bit:  mov     edx, 1
        shl     edx, cl
        test    edx, %3
        jnz     %%next
        mov     eax, ebx
        or      eax, edx
        test    [%2 + 4], edx           ; FIXED1: the bit may be 1
        jz      %%try
        xor     eax, edx
        test    [%2], edx               ; FIXED0: it must be 1
        jz      %%next
%%try:  mov     edi, eax
        mov     dword [resume], %%refused
        mov     %1, eax
        mov     eax, %1
        xor     eax, edi
        test    eax, edx
        jnz     %%refused
        or      ebp, edx
%%refused:
        mov     dword [resume], 0
        mov     %1, ebx
%%next: dec     ecx
        jns     %%bit
        mov     eax, ebp
        call    print_dword
%endmacro

; ---- the first boot: tables in memory, what processor this is -------------------------------------------------------
cold:   mov     dword [port], DEBUG_PORT        ; it answers with its own number; else the first serial port
        in      al, DEBUG_PORT
        cmp     al, DEBUG_PORT
        je      .begin
        mov     dword [port], SERIAL_DATA
        mov     dx, SERIAL_LINE_CONTROL
        mov     al, EIGHT_BITS
        out     dx, al
.begin: mov     dword [crc], NONE
        mov     esi, title
        call    line
        mov     esi, processor
        call    print
        mov     eax, EXTENDED_LEAVES
        cpuid
        cmp     eax, BRAND_STRING + 2
        jb      .vendor
        mov     ebp, BRAND_STRING
.brand: mov     eax, ebp
        cpuid
        call    print_four
        mov     eax, ebx
        call    print_four
        mov     eax, ecx
        call    print_four
        mov     eax, edx
        call    print_four
        inc     ebp
        cmp     ebp, BRAND_STRING + 2
        jbe     .brand
        jmp     .named
.vendor:
        mov     eax, VENDOR
        cpuid
        push    ecx
        mov     eax, ebx
        call    print_four
        mov     eax, edx
        call    print_four
        pop     eax
        call    print_four
        mov     esi, no_brand
        call    print
.named: call    newline
        mov     eax, FEATURES
        cpuid
        test    cl, FEATURES_VMX
        jnz     .vmx
        mov     esi, no_vmx
        call    line
        jmp     stop
.vmx:   mov     esi, KEY
        call    line
        mov     esi, basic
        call    print
        mov     ecx, IA32_VMX_BASIC
        rdmsr
        push    eax
        mov     eax, edx
        mov     cl, 8
        call    hex
        pop     eax
        and     eax, REVISION_MASK
        mov     [revision], eax
        mov     cl, 8
        call    hex
        call    newline
        mov     eax, ADDRESS_SIZES
        cpuid
        movzx   eax, al
        mov     [width], eax
        mov     esi, address_width
        call    print
        mov     eax, [width]
        mov     cl, 2
        call    hex
        call    newline
        mov     edi, PML4               ; identity: the first 2 MiB, open to all rings
        xor     eax, eax
        mov     ecx, (PAGES + 1000h - PML4) / 4
        rep stosd
        mov     edi, EPT_PML4
        mov     ecx, 3000h / 4
        rep stosd
        mov     edi, IDT32
        mov     ecx, (TABLES_END - IDT32) / 4
        rep stosd
        mov     dword [PML4], PDPT64 + OPEN
        mov     dword [PDPT64], DIRECTORY + OPEN
        mov     dword [PDPT32], DIRECTORY + PRESENT
        mov     dword [DIRECTORY], PAGES + OPEN
        mov     edi, PAGES
        mov     eax, OPEN
.page:  mov     [edi], eax
        add     edi, 8
        add     eax, 1000h
        cmp     edi, PAGES + 1000h
        jb      .page
        mov     dword [PAGES + UNMAPPED / 1000h * 8], 0
        mov     dword [EPT_PML4], EPT_PDPT + EPT_RWX
        mov     dword [EPT_PDPT], EPT_DIRECTORY + EPT_RWX
        mov     dword [EPT_DIRECTORY], EPT_LARGE_PAGE | EPT_WRITE_BACK | EPT_RWX        ; one page of 2 MiB

        mov     dword [TSS32 + 4], STACK        ; where ring 0 goes on after an outer ring
        mov     dword [TSS32 + 8], DATA
        mov     dword [TSS64 + 4], STACK

        xor     ecx, ecx                ; 32 vectors in each of three formats; gates open to all rings
.gate:  imul    eax, ecx, stub_size
        add     eax, (ROM_SEGMENT << 16) + stubs16 - $$
        mov     [IVT + ecx * 4], eax
        imul    eax, ecx, stub_size
        add     eax, stubs32
        lea     edi, [IDT32 + ecx * 8]
        mov     ebx, CODE32
        call    gate
        imul    eax, ecx, stub_size
        add     eax, stubs64
        mov     edi, ecx
        shl     edi, 4
        add     edi, IDT64
        mov     ebx, CODE64
        call    gate
        xor     eax, eax
        mov     [edi + 8], eax
        mov     [edi + 12], eax
        inc     ecx
        cmp     ecx, 32
        jb      .gate

        mov     esi, fixed_bits
        call    print
        mov     ebp, IA32_VMX_CR0_FIXED0
.fixed: mov     ecx, ebp
        rdmsr
        mov     [fixed + (ebp - IA32_VMX_CR0_FIXED0) * 4], eax
        call    print_dword
        inc     ebp
        cmp     ebp, IA32_VMX_CR4_FIXED1
        jbe     .fixed
        call    newline
        lidt    [idt32]                 ; MOV faults if it does not accept a bit
        mov     esi, wrong_bits
        call    print
        accepted cr0, fixed, CR0_PE | CR0_NE | CR0_PG
        accepted cr4, fixed + 8, CR4_VMXE
        call    newline

        mov     esi, cases
        call    print
        mov     eax, CASES
        mov     cl, 4
        call    hex
        call    newline
        mov     dword [next], 0
        mov     dword [magic], MAGIC
        ret

gate:   mov     [edi], ax               ; an interrupt gate at edi to ebx:eax
        mov     [edi + 2], bx
        mov     word [edi + 4], INTERRUPT_GATE
        shr     eax, 16
        mov     [edi + 6], ax
        ret

; ---- text -----------------------------------------------------------------------------------------------------------
; A line: '@', the fields below in hexadecimal, a line feed.
%macro  field   2                       ; a variable, how many of its hexadecimal digits
        dd      %1
        db      %2
%endmacro
fields: field   current + case.id, 4
        field   current + case.key, 8
        field   stage, 1
        field   vector, 2
        field   error, 4
        field   flags, 5
        field   moved, 4
        field   exit_reason, 4
        field   vm_error, 2
        field   after, 1
        field   cr0_read, 8
        field   cr4_read, 8
        field   efer_read, 4
        field   cs_read, 4
        field   ss_read, 4
        field   fc_read, 1
        field   a20m_read, 1
        field   before_read, 1
fields_end:

print_result:
        mov     al, '@'
        call    put
        mov     esi, fields
.field: lodsd
        mov     ebx, [eax]
        lodsb
        mov     cl, al
        mov     eax, ebx
        call    hex
        cmp     esi, fields_end
        je      newline
        mov     al, ' '
        call    put
        jmp     .field

finish: push    dword [crc]             ; of all lines but the last
        mov     esi, end
        call    print
        mov     eax, CASES
        mov     cl, 4
        call    hex
        mov     al, ' '
        call    put
        pop     eax
        not     eax
        mov     cl, 8
        call    hex
        call    newline
stop:   mov     esi, shutdown           ; Bochs and older QEMU stop at these letters
        mov     dx, SHUTDOWN_PORT
        mov     ecx, shutdown_end - shutdown
        rep outsb
        mov     dx, ISA_DEBUG_EXIT
        mov     al, 0
        out     dx, al
.wait:  hlt
        jmp     .wait

hex:    push    ebx                     ; prints the low cl digits of eax
        mov     ebx, eax
        shl     cl, 2
        mov     ch, cl
        ror     ebx, cl
.digit: rol     ebx, 4
        mov     al, bl
        and     al, 0Fh
        cmp     al, 10                  ; carry: 0 to 9
        sbb     al, 69h                 ; 0-9 become 96h-9Fh, 10-15 become A1h-A6h;
        das                             ; decimal adjustment makes '0'-'9' and 'A'-'F' of them
        call    put
        sub     ch, 4
        jnz     .digit
        pop     ebx
        ret

print_dword:                            ; a space and eax
        push    eax
        mov     al, ' '
        call    put
        pop     eax
        mov     cl, 8
        jmp     hex
line:   call    print
newline:
        mov     al, LINE_FEED
        jmp     put
print_four:                             ; four characters in eax, without zeros
        mov     esi, 4
.next:  test    al, al
        jz      .skip
        call    put
.skip:  shr     eax, 8
        dec     esi
        jnz     .next
        ret
print:  lodsb                           ; text at esi, ended by 0
        test    al, al
        jz      .done
        call    put
        jmp     print
.done:  ret

put:    pushad                          ; prints al
        mov     bl, al
        mov     edx, [port]
        out     dx, al
        cmp     edx, DEBUG_PORT
        je      .sent
        mov     dx, SERIAL_LINE_STATUS
.busy:  in      al, dx
        test    al, TRANSMITTER_EMPTY   ; nothing is left that a reset could cut off
        jz      .busy
.sent:  mov     eax, [crc]
        xor     al, bl
        mov     ecx, 8
.bit:   shr     eax, 1
        jnc     .even
        xor     eax, CRC32_POLYNOMIAL
.even:  loop    .bit
        mov     [crc], eax
        popad
        ret

title:          db "@nvmx log 3", 0
processor:      db "@processor ", 0
no_brand:       db " without a brand string", 0
no_vmx:         db "@no VMX", 0
basic:          db "@vmx_basic ", 0
address_width:  db "@width ", 0
fixed_bits:     db "@fixed_bits", 0
wrong_bits:     db "@wrong_bits", 0
cases:          db "@cases ", 0
end:            db "@end ", 0
shutdown:       db "Shutdown"
shutdown_end:
