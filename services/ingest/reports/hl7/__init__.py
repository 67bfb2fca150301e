"""HL7 v2.5 ORU^R01, by MLLP or HTTP: message → canonical reports → acknowledgement.

``message`` reads the encoding, ``people`` and ``report`` the meaning (pure); ``receiver`` and ``mllp`` do the I/O.
"""
