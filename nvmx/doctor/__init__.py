"""What a Linux machine shows about VMX without a kernel module, and what follows from it.

`machine` reads files, `hypervisors` says whose checks answer, `probe` executes VMXON and VMXOFF at CPL 3 in a child
process (`child`), `inference` says what the signals prove, `examination` puts it together and explains it, and `report`
has the words.
"""

from .examination import Examination, examine
from .report import as_json, as_text

__all__ = ["Examination", "as_json", "as_text", "examine"]
