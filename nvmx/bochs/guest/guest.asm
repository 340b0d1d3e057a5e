; A guest that executes VMXON and VMXOFF, one case after each hard reset, and prints what the processor did.
;
; The image is a ROM that ends at 4 GiB: a table of cases, then these 64 KiB, which every PC also shows at F0000h.
; Build: nasm -f bin -DTABLE=<address of the table> -DCASES=<number of cases> -DKEY=<address of a line to print>
;
;   reset -> boot.asm    print the last result, fetch the next case, prepare memory, MSR and A20
;         -> enter.asm   switch to the case's mode, do what comes before, jump to the instruction
;         or launch.asm  the same, as the guest of a hypervisor of our own
;         -> catch.asm   whatever ends the instruction lands here: note it, probe VMX operation, reset
;
; Nothing but RAM survives the reset, so each case starts on a pristine processor; what an instruction may have left in
; memory is written anew.  With A20 masked, odd megabytes are out of reach: all that is used lies in the first one.

%include "vmx.inc"

ROM_SEGMENT     equ 0F000h
        org     ROM_SEGMENT * 16

; ---- memory ---------------------------------------------------------------------------------------------------------
IVT             equ 0                   ; real-address mode's interrupt vectors
VARIABLES       equ 1000h               ; see boot.asm
GDT             equ 2000h               ; copied from ROM at each boot: LTR marks its descriptor busy
IDT32           equ 2200h
IDT64           equ 2400h
TSS32           equ 2800h
TSS64           equ 2900h
TABLES_END      equ 2A00h
STACK           equ 5000h               ; ring 0
USER_STACK      equ 6000h               ; the other rings
CODE            equ 7000h               ; the instruction under test, then INT3
OPERAND         equ 7800h               ; the VMXON pointer that it reads
PML4            equ 9000h
PDPT64          equ 0A000h
PDPT32          equ 0B000h              ; PAE paging: the same directory below another kind of entry
DIRECTORY       equ 0C000h
PAGES           equ 0D000h
UNMAPPED        equ 0E000h              ; the only page below 2 MiB that is not present
ACROSS          equ 0FFFFh              ; only the first byte is within a limit of 64 KiB
BEYOND          equ 400000h             ; beyond such a limit, and not present
VMXON_REGION    equ 10000h              ; of the VMXON that comes before
VMCS            equ 11000h
TESTED_REGION   equ 12000h              ; of the VMXON under test
EPT_PML4        equ 13000h
EPT_PDPT        equ 14000h
EPT_DIRECTORY   equ 15000h

; ---- one case, written by nvmx/bochs/image.py -------------------------------------------------------------
        struc   case
.id:              resw 1
.efer:            resw 1                ; LME: long mode
.key:             resd 1                ; echoed
.cr0:             resd 1
.cr4:             resd 1
.flags:           resd 1
.cs:              resw 1
.ss:              resw 1
.ds:              resw 1
.cs_rights:       resw 1                ; as the VMCS has them, for a guest
.ss_rights:       resw 1
.before:          resw 1                ; one of BEFORE_...
.feature_control: resw 1
.a20m:            resw 1
.operand:         resw 1                ; where the operand is: a number of `operands` in boot.asm
.pointer_wide:    resw 1                ; bit of the VMXON pointer to set; 1: the one just beyond the address width
.pointer_low:     resd 1                ; bits of the VMXON pointer to flip
.revision:        resd 1                ; bits of the revision identifier to flip
.code:            resb 8                ; the instruction, padded with INT3
        endstruc

BEFORE_NOTHING  equ 0
BEFORE_VMXON    equ 1
BEFORE_VMPTRLD  equ 2                   ; VMXON, VMPTRLD
BEFORE_VMLAUNCH equ 3                   ; VMXON, VMPTRLD, VMLAUNCH: the instruction is a guest's

; ---- how far a case has come ----------------------------------------------------------------------------------------
AT_FEATURE_CONTROL equ 1
AT_A20          equ 2
AT_CR4          equ 3
AT_CR0          equ 4
AT_VMXON        equ 5
AT_VMPTRLD      equ 6
AT_VMLAUNCH     equ 7
EXECUTED        equ 8

; ---- segments -------------------------------------------------------------------------------------------------------
; Descriptors 1-4: 16-bit code of rings 0-3, then 32-bit code, 64-bit code, data, data that ends at 64 KiB; then what
; only ring 0 needs.
CODE32          equ 5 * 8
CODE64          equ 9 * 8
DATA            equ 13 * 8
USER_DATA       equ 16 * 8 | RPL
REAL_CODE       equ 21 * 8
REAL_DATA       equ 22 * 8
TASK32          equ 23 * 8
TASK64          equ 24 * 8

%define descriptor(base, limit, rights) ((limit) & 0FFFFh | (base) << 16 | (rights) << 40 | ((limit) >> 16) << 48)

%macro  rings   1                       ; the same descriptor for rings 0 to 3; %1 is ring 0's
%assign ring 0
%rep 4
        dq      %1 | ring << 45
%assign ring ring + 1
%endrep
%endmacro

gdt:    dq      0
        rings   descriptor(0, LIMIT_PAGES, RIGHTS_CODE | RIGHTS_4K_UNITS)
        rings   descriptor(0, LIMIT_PAGES, RIGHTS_CODE | RIGHTS_4K_UNITS | RIGHTS_32_BIT)
        rings   descriptor(0, LIMIT_PAGES, RIGHTS_CODE | RIGHTS_4K_UNITS | RIGHTS_64_BIT)
        rings   descriptor(0, LIMIT_PAGES, RIGHTS_DATA | RIGHTS_4K_UNITS | RIGHTS_32_BIT)
        rings   descriptor(0, LIMIT_64K, RIGHTS_DATA | RIGHTS_32_BIT)
        dq      descriptor(ROM_SEGMENT * 16, LIMIT_64K, RIGHTS_CODE)
        dq      descriptor(0, LIMIT_64K, RIGHTS_DATA)
        dq      descriptor(TSS32, TSS_LIMIT, RIGHTS_TSS)
        dq      descriptor(TSS64, TSS_LIMIT, RIGHTS_TSS), 0
gdt_end:

%include "boot.asm"
%include "enter.asm"
%include "launch.asm"
%include "catch.asm"

        times   0FFF0h - ($ - $$) db 0
        bits    16
        jmp     ROM_SEGMENT:(reset - $$)
        times   10000h - ($ - $$) db 0
