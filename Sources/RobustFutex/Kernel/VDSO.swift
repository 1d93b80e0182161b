// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc

/// The ELF image that the kernel maps into every process, and the functions that it exports.
public struct VDSO: Sendable {
    /// Names of the exported functions, sorted; empty when there is no vDSO.
    public var functions: [String] { addresses.keys.sorted() }

    /// The address of each exported function, in the address space of the process whose image it is.
    public let addresses: [String: UInt]

    /// The functions with which an uncontended unlock has no race window (Linux 7.2), by pointer width.
    public static let robustUnlockFunctions = [
        "__vdso_futex_robust_list64_try_unlock", "__vdso_futex_robust_list32_try_unlock",
    ]

    /// Reads the image of the running process.
    public static func ofThisProcess() -> VDSO {
        VDSO(image: crf_vdso().map { UnsafeRawPointer($0) })
    }

    /// - Parameter image: a well-formed 64-bit ELF image as loaded; the kernel's own is trusted to be.
    init(image: UnsafeRawPointer?) {
        guard let image, let tables = DynamicTables(image: image) else {
            addresses = [:]
            return
        }
        addresses = tables.functions()
    }
}

/// The dynamic section's pointers into an image, relative to where it lies.
private struct DynamicTables {
    private let symbols: UnsafePointer<Elf64_Sym>
    private let strings: UnsafePointer<CChar>
    private let symbolCount: Int
    /// The address that the image would have if its addresses were those that it was linked for.
    private let base: UInt

    init?(image: UnsafeRawPointer) {
        let header = image.assumingMemoryBound(to: Elf64_Ehdr.self).pointee
        let segments = (image + Int(header.e_phoff)).assumingMemoryBound(to: Elf64_Phdr.self)
        var bias: Int?
        var dynamic: UInt64?
        for segment in UnsafeBufferPointer(start: segments, count: Int(header.e_phnum)) {
            if segment.p_type == UInt32(PT_LOAD), bias == nil {
                bias = Int(segment.p_offset) - Int(segment.p_vaddr)
            }
            if segment.p_type == UInt32(PT_DYNAMIC) { dynamic = segment.p_offset }
        }
        guard let bias, let dynamic else { return nil }

        var addresses: [Int: UnsafeRawPointer] = [:]
        var entry = (image + Int(dynamic)).assumingMemoryBound(to: Elf64_Dyn.self)
        while entry.pointee.d_tag != Int64(DT_NULL) {
            addresses[Int(entry.pointee.d_tag)] = image + bias + Int(entry.pointee.d_un.d_ptr)
            entry += 1
        }
        guard let symbols = addresses[Int(DT_SYMTAB)], let strings = addresses[Int(DT_STRTAB)],
            let count = Self.symbolCount(
                sysv: addresses[Int(DT_HASH)], gnu: addresses[Int(DT_GNU_HASH)])
        else { return nil }
        self.symbols = symbols.assumingMemoryBound(to: Elf64_Sym.self)
        self.strings = strings.assumingMemoryBound(to: CChar.self)
        symbolCount = count
        base = UInt(bitPattern: image + bias)
    }

    /// The dynamic section does not say how many symbols there are; its hash tables do. Which of the two a
    /// kernel has depends on the linker's --hash-style.
    private static func symbolCount(sysv: UnsafeRawPointer?, gnu: UnsafeRawPointer?) -> Int? {
        if let sysv { return Int(sysv.load(fromByteOffset: 4, as: UInt32.self)) }
        guard let gnu else { return nil }
        let bucketCount = Int(gnu.load(as: UInt32.self))
        let firstHashed = Int(gnu.load(fromByteOffset: 4, as: UInt32.self))
        let bloomWords = Int(gnu.load(fromByteOffset: 8, as: UInt32.self))
        let buckets = gnu + 16 + bloomWords * 8
        let chains = buckets + bucketCount * 4
        let chainStarts = (0..<bucketCount).map { buckets.load(fromByteOffset: $0 * 4, as: UInt32.self) }
        let last = Int(chainStarts.max() ?? 0)
        guard last >= firstHashed else { return firstHashed }
        var index = last
        // Bit 0 marks the end of the chain.
        while chains.load(fromByteOffset: (index - firstHashed) * 4, as: UInt32.self) & 1 == 0 { index += 1 }
        return index + 1
    }

    func functions() -> [String: UInt] {
        var found: [String: UInt] = [:]
        for symbol in UnsafeBufferPointer(start: symbols, count: symbolCount)
        where symbol.st_info & 0xf == UInt8(STT_FUNC) && symbol.st_shndx != 0 {
            found[String(cString: strings + Int(symbol.st_name))] = base &+ UInt(symbol.st_value)
        }
        return found
    }
}
