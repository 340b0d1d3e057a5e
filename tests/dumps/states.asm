; A guest that brings the processor into one state and stays there, for the debuggers to look at.
;
; A ROM of 64 KiB at F0000h.  Build: nasm -f bin -DMODE=LONG_64 -DRING=3 -DNE=1 -DVMXE=0 -DA20M=0 ('-DCODE=0Fh, 0Bh')
; All that is used lies below 1 MiB, so that A20 does not matter; the first 2 MiB are mapped to themselves.

%define REAL            0                ; real-address mode
%define PROTECTED_16    1                ; without paging
%define PROTECTED_32    2
%define PAGED_32        3
%define VIRTUAL_8086    4
%define COMPATIBILITY   5
%define LONG_64         6

PE              equ 1 << 0
ET              equ 1 << 4
PG              equ 1 << 31
PAE             equ 1 << 5
LME             equ 1 << 8
VM              equ 1 << 17
IA32_EFER       equ 0C0000080h

STACK           equ 8000h
PML4            equ 9000h
PDPT            equ 0A000h              ; of long mode
PDPT32          equ 0B000h              ; of protected mode: the same directory below another kind of entry
DIRECTORY       equ 0C000h

%assign PROTECTED       MODE != REAL
%assign PAGING          MODE >= PAGED_32
%assign LONG            MODE >= COMPATIBILITY
%assign CODE_16         MODE == PROTECTED_16
%assign CODE_L          MODE == LONG_64
%assign CODE_D          MODE == PROTECTED_32 || MODE == PAGED_32 || MODE == COMPATIBILITY

CR0_            equ ET | NE << 5 | PROTECTED * PE | PAGING * PG
CR4_            equ VMXE << 13 | PAGING * PAE

CODE32          equ 8                   ; what comes first in protected mode
DATA            equ 16
DATA_OF_RING    equ 24 | RING
CODE_OF_RING    equ 32 | RING

        org     0F0000h
        bits    16
gdt:    dq      0
        dq      0CF9B000000FFFFh
        dq      0CF93000000FFFFh
        dq      0CF93000000FFFFh | RING << 45
        dq      8F9B000000FFFFh | RING << 45 | CODE_L << 53 | CODE_D << 54 | CODE_16 * 0F00000000h
gdt_end:
gdtr:   dw      gdt_end - gdt - 1
        dd      gdt

start:  cli
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     esp, STACK
        xor     ebx, ebx
        in      al, 92h
        and     al, 0FCh
        or      al, (1 - A20M) << 1
        out     92h, al
        mov     edi, PML4
        mov     ecx, 4000h / 4
        xor     eax, eax
        a32 rep stosd
        mov     dword [PML4], PDPT | 7
        mov     dword [PDPT], DIRECTORY | 7
        mov     dword [PDPT32], DIRECTORY | 1
        mov     dword [DIRECTORY], 87h
        o32 lgdt [cs:gdtr - gdt]
%if LONG
        mov     eax, PML4
%else
        mov     eax, PDPT32
%endif
        mov     cr3, eax
%if VMXE || PAGING                            ; an older processor has no CR4
        mov     eax, CR4_
        mov     cr4, eax
%endif
%if LONG
        mov     ecx, IA32_EFER
        rdmsr
        or      eax, LME
        wrmsr
%endif
        mov     eax, CR0_
        mov     cr0, eax
%if MODE == REAL
        jmp     0F000h:state - gdt
%else
        jmp     dword CODE32:protected
        bits    32
protected:
        mov     eax, DATA
        mov     ss, ax
        mov     ds, ax
        mov     es, ax
%if MODE == VIRTUAL_8086
        push    dword 0                 ; GS, FS, DS, ES
        push    dword 0
        push    dword 0
        push    dword 0
        push    dword 0                 ; SS
        push    dword STACK
        push    dword VM | 2
        push    dword 0F000h
        push    dword state - gdt
        iretd
%else
        push    dword DATA_OF_RING      ; taken only if the ring changes
        push    dword STACK
        push    dword CODE_OF_RING
        push    dword state - CODE_16 * gdt  ; a jump in 16-bit code stays within 64 KiB of the segment's base
        retf
%endif
%endif

state:
%ifdef CODE
        db      CODE                    ; what is executed there, if anything
%endif
        db      0B3h, 5Ah               ; mov bl, 5Ah: the sign that the state is reached; the same code in every mode
        db      0EBh, 0FEh              ; jump here

        times   0FFF0h - ($ - $$) db 0
        bits    16
        jmp     0F000h:start - gdt
        times   10000h - ($ - $$) db 0
