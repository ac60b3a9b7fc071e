"""x"""


def register(verbs):
    pass
