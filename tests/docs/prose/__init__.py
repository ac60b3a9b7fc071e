"""Plain English in what people read: ``python -m tests.docs.prose`` names what is not, and ``make lint`` runs it.

proselint knows clichés, needless words and common faults. :mod:`tests.docs.prose.style` adds what is ours.
"""
