#!/usr/bin/env python3
"""pyca_verify.py ROOT INTERMEDIATE LEAF client|NAME: exits 0 when the verifier of the Python
package cryptography accepts the chain, for a client or for the server NAME."""
import sys

from cryptography.x509 import DNSName, load_pem_x509_certificate
from cryptography.x509.verification import PolicyBuilder, Store

root, intermediate, leaf = (load_pem_x509_certificate(open(path, "rb").read()) for path in sys.argv[1:4])
policy = PolicyBuilder().store(Store([root]))
if sys.argv[4] == "client":
    chain = policy.build_client_verifier().verify(leaf, [intermediate]).chain
else:
    chain = policy.build_server_verifier(DNSName(sys.argv[4])).verify(leaf, [intermediate])
assert len(chain) == 3
