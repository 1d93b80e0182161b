// SPDX-License-Identifier: MIT

import SystemPackage

/// Counts the instructions that a kernel spends on finding a system call by its number.
///
/// When the kernel may have no jump tables (CONFIG_MITIGATION_RETPOLINE, arch/x86/Makefile), the switch statement of
/// `x64_sys_call()` in arch/x86/entry/syscall_64.c becomes a tree of comparisons. One more number gives it another
/// shape, in which each call is found a few instructions sooner or later. That is the compiler's doing and part of the
/// difference between two kernels; so it is computed, and not taken for noise.
struct SystemCallLookup {
    private struct Instruction {
        var address: UInt64
        var mnemonic: Substring
        var operands: Substring
    }

    private let instructions: [Instruction]
    private let indices: [UInt64: Int]

    static func instructions(for numbers: [Int], in tree: FilePath) async throws -> [Int: Int] {
        guard !numbers.isEmpty else { return [:] }
        let kernel = tree.appending("vmlinux").string
        let listing = try await Tool(
            "objdump", ["--disassemble=x64_sys_call", "--no-show-raw-insn", kernel]
        ).output()
        let lookup = SystemCallLookup(listing)
        return numbers.reduce(into: [:]) { $0[$1] = lookup.count(for: $1) }
    }

    /// - Parameter listing: objdump's disassembly of the function.
    init(_ listing: String) {
        // ADDRESS:<tab>MNEMONIC OPERANDS
        instructions = listing.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\t", maxSplits: 1)
            guard parts.count == 2, let colon = parts[0].lastIndex(of: ":"),
                let address = UInt64(parts[0][..<colon].drop { $0 == " " }, radix: 16)
            else { return nil }
            let words = parts[1].split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard let mnemonic = words.first else { return nil }
            let operands = words.count > 1 ? words[1].drop { $0 == " " } : ""
            return Instruction(address: address, mnemonic: mnemonic, operands: operands)
        }
        indices = Dictionary(
            uniqueKeysWithValues: instructions.enumerated().map { ($0.element.address, $0.offset) })
    }

    /// Up to and with the jump to the system call; nil where the function is no tree of comparisons.
    func count(for number: Int) -> Int? {
        var index = 0
        var compared: Int?
        for count in 1...(instructions.count + 1) where index < instructions.count {
            let instruction = instructions[index]
            if instruction.mnemonic == "cmp" {
                guard let value = Self.immediate(instruction.operands) else { return nil }
                compared = value
                index += 1
                continue
            }
            if instruction.mnemonic == "test" {
                compared = 0
                index += 1
                continue
            }
            guard let jumps = Self.jumps(instruction.mnemonic, number, compared),
                let target = UInt64(instruction.operands.prefix { $0.isHexDigit }, radix: 16)
            else { return nil }
            if !jumps {
                index += 1
            } else if let next = indices[target] {
                index = next
            } else {
                return count
            }
        }
        return nil
    }

    /// Tells whether the jump is taken; nil when it is no known jump, or follows no comparison.
    private static func jumps(_ mnemonic: Substring, _ number: Int, _ compared: Int?) -> Bool? {
        if mnemonic == "jmp" { return true }
        guard let compared else { return nil }
        return switch mnemonic {
        case "je": number == compared
        case "jne": number != compared
        case "ja": number > compared
        case "jae": number >= compared
        case "jb": number < compared
        case "jbe": number <= compared
        default: nil
        }
    }

    /// `$0x110,%esi`
    private static func immediate(_ operands: Substring) -> Int? {
        guard operands.hasPrefix("$0x") else { return nil }
        return Int(operands.dropFirst(3).prefix { $0.isHexDigit }, radix: 16)
    }
}
