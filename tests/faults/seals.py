"""Sealed values opened by an own hand: AES-256-GCM of OpenSSL's library, called from here."""

import base64
import ctypes
import ctypes.util

NONCE, TAG = 12, 16
SET_TAG = 0x11

crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
for function in ("EVP_CIPHER_CTX_new", "EVP_aes_256_gcm"):
    getattr(crypto, function).restype = ctypes.c_void_p


def decrypt(key, nonce, bound, text, tag):
    """The clear bytes, or None."""
    context = ctypes.c_void_p(crypto.EVP_CIPHER_CTX_new())
    out, size = ctypes.create_string_buffer(len(text) + TAG), ctypes.c_int()
    try:
        crypto.EVP_DecryptInit_ex(context, ctypes.c_void_p(crypto.EVP_aes_256_gcm()), None, key, nonce)
        crypto.EVP_DecryptUpdate(context, None, ctypes.byref(size), bound, len(bound))
        crypto.EVP_DecryptUpdate(context, out, ctypes.byref(size), text, len(text))
        crypto.EVP_CIPHER_CTX_ctrl(context, SET_TAG, TAG, tag)
        if crypto.EVP_DecryptFinal_ex(context, out, ctypes.byref(size)) != 1:
            return None
        return out.raw[: len(text)]
    finally:
        crypto.EVP_CIPHER_CTX_free(context)


def open_sealed(key, column, row, sealed):
    """The clear value of a row's column, or None."""
    sealed = bytes(sealed)
    if len(sealed) < 1 + NONCE + TAG or sealed[0] != 1:
        return None
    bound = b"".join(len(part).to_bytes(4, "big") + part for part in (column.encode(), row))
    return decrypt(key, sealed[1 : 1 + NONCE], bound, sealed[1 + NONCE : -TAG], sealed[-TAG:])


def read_ring(path):
    """The keys of a file of lines "NUMBER KEY" by number."""
    with open(path, encoding="ascii") as file:
        pairs = (line.split() for line in file)
        return {int(number): base64.b64decode(key) for number, key in pairs}


def data_keys(ring, rows):
    """Data keys by subject, from rows of subject, wrapped key and the number of the key around it."""
    out = {}
    for subject, wrapped, number in rows:
        key = open_sealed(ring[number], "subject_key.wrapped", bytes(subject), wrapped)
        assert key is not None, f"key {number} of the ring does not open a data key"
        out[bytes(subject)] = key
    return out


def open_results(contract, keys, made, place):
    """Puts the sealed parts of decoded stored results into their results; gives what stays shut."""
    shut = []
    for part in made.get("sealed", []):
        result = made["results"][part["result"]]
        name = "dead letter" if result["kind"] == "DEAD_LETTER" else result["id"]
        row = "/".join(str(word) for word in (*place, result["offset"], name)).encode()
        key = keys.get(part["subject"])
        clear = key and open_sealed(key, "batch.results", row, part["content"])
        if clear is None:
            shut.append(result)
            continue
        personal = contract.decode_bare("SealedRecord", clear)
        result["value"] = personal["value"]
        if result["kind"] == "DEAD_LETTER":
            result["key"] = personal["key"]
            result["headers"] = personal["headers"] + result["headers"]
    return shut
