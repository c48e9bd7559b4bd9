"""Where Java's default partitioner puts a key; upstream, worker and checker must agree on it."""

MASK = 0xFFFFFFFF


def murmur2(data):
    """The 32-bit hash as org.apache.kafka.common.utils.Utils.murmur2 has it."""
    m, h = 0x5BD1E995, (0x9747B28C ^ len(data)) & MASK
    whole = len(data) & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & MASK
        k = (k ^ k >> 24) * m & MASK
        h = (h * m & MASK) ^ k
    rest = data[whole:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & MASK
    h = (h ^ h >> 13) * m & MASK
    return h ^ h >> 15


def partition_of(key, partitions):
    return (murmur2(key) & 0x7FFFFFFF) % partitions
