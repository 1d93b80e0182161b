// SPDX-License-Identifier: MIT

/// Contents of memory that belong to nobody, and look like what somebody could take them for.
enum Canaries {
    /// Futex words that are free, owned, waited for or left by the dead, and lower halves of addresses: the same of the
    /// same arguments.
    static func words(_ count: Int, _ seed: Int) -> [UInt32] {
        (0..<count).map { index in
            let number = UInt32(truncatingIfNeeded: (index + seed) &* 7919)
            switch (index + seed) % 6 {
            case 0: return 0
            case 1: return 0x4000_0000
            case 2: return number % 32_768
            case 3: return 0x8000_0000 | number % 32_768
            case 4: return 0x4000_0000 + number % 1024 * 64
            default: return number
            }
        }
    }
}
