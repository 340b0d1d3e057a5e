"""Whose checks answer on a machine: the processor's, or those of the hypervisor that it is a guest of."""

from collections.abc import Mapping

from .inference import Answering

VENDORS = ("GenuineIntel", "CentaurHauls", "Shanghai")  # those whose processors have VMX
_KVM = ("kvm-2022-10", "kvm-2022-06", "kvm-2018-07", "kvm-2018-06", "kvm-2017", "kvm-2014", "kvm-2013", "kvm-2011")
# CPUID leaf 40000000h names the hypervisor.  Without a source, its checks are not known here.
SIGNATURES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "KVMKVMKVM": ("KVM", _KVM),
    "XenVMMXenVMM": ("Xen", ("xen", "xen-2011")),
    "VBoxVBoxVBox": ("VirtualBox", ("virtualbox-hm", "virtualbox")),
    "ACRNACRNACRN": ("ACRN", ("acrn",)),
    "Microsoft Hv": ("Hyper-V", ()),
    "VMwareVMware": ("VMware", ()),
    "TCGTCGTCGTCG": ("QEMU without KVM", ()),
    "bhyve bhyve ": ("bhyve", ()),
}


def signature(ebx: int, ecx: int, edx: int) -> str:
    """Return the name in CPUID leaf 40000000h.

    >>> signature(0x4B4D564B, 0x564B4D56, 0x4D)
    'KVMKVMKVM'
    """
    return b"".join(each.to_bytes(4, "little") for each in (ebx, ecx, edx)).rstrip(b"\0").decode("latin-1")


def answering(is_guest: bool, name: str, product: str) -> Answering:
    """Return whose checks answer, given the signature and the product that the firmware names ("" if not known).

    >>> answering(True, "KVMKVMKVM", "VirtualBox").source
    'virtualbox-hm'
    """
    if not is_guest:
        return Answering("intel", (), "no hypervisor: the flag `hypervisor` is not set")
    if "VirtualBox" in product:  # to a Linux guest, it calls itself KVM
        name = "VBoxVBoxVBox"
        because = f"a guest of VirtualBox (the firmware's product name: {product})"
    elif name in SIGNATURES:
        because = f"a guest of {SIGNATURES[name][0]} (CPUID leaf 40000000h: {name})"
    else:
        return Answering(None, (), f"a guest of {name or 'an unknown hypervisor'}")
    versions = SIGNATURES[name][1]
    return Answering(versions[0] if versions else None, versions[1:], because)
