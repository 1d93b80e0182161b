// SPDX-License-Identifier: MIT

import Glibc
import SystemPackage

/// Instructions in words, by the machine's objdump; where there is none, everything is nil.
struct Disassembler {
    struct Instruction: Equatable {
        var length: Int
        var text: String
    }

    /// 32 or 64.
    let bits: Int
    /// Names an address.
    let name: (UInt64) -> String

    /// Between two pieces of code: no instruction is so long that a wrong reading of the end of one could
    /// reach the next, for it would end in the no-operations before that.
    static let slot = 48
    private static let noOperation: UInt8 = 0x90

    /// The first instruction of each piece of code.
    ///
    /// - Parameter addresses: of the pieces, by which the targets of jumps and calls are named.
    func disassemble(_ code: [[UInt8]], at addresses: [UInt64]) -> [Instruction?] {
        let nothing = [Instruction?](repeating: nil, count: code.count)
        guard code.contains(where: { !$0.isEmpty }) else { return nothing }
        var template = Array("/tmp/robust-race-XXXXXX\0".utf8.map(CChar.init(bitPattern:)))
        let raw = mkstemp(&template)
        guard raw >= 0 else { return nothing }
        let file = FileDescriptor(rawValue: raw)
        defer {
            unlink(template)
            try? file.close()
        }
        let slots = code.flatMap { $0 + [UInt8](repeating: Self.noOperation, count: Self.slot - $0.count) }
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let machine = bits == 64 ? "i386:x86-64" : "i386"
        guard (try? file.writeAll(slots)) != nil,
            let result = try? ToolRun(
                "objdump", ["-D", "-w", "-b", "binary", "-m", machine, "--insn-width=15", path]
            ).run(), result.status == 0
        else { return nothing }
        let instructions = Self.parse(result.output)
        return code.indices.map { index in
            guard !code[index].isEmpty, var instruction = instructions[index * Self.slot] else { return nil }
            instruction.text = named(instruction.text, slot: index * Self.slot, address: addresses[index])
            return instruction
        }
    }

    /// objdump takes each piece for one at its place in the file; a direct target is relative to that.
    private func named(_ text: String, slot: Int, address: UInt64) -> String {
        guard let match = text.wholeMatch(of: /((?:j|call)\w*) 0x([0-9a-f]+)/),
            let target = UInt64(match.2, radix: 16)
        else { return text }
        let distance = target &- UInt64(slot)
        let real =
            address
            &+ (bits == 64 ? distance : UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: distance))))
        return "\(match.1) \(name(real))"
    }

    /// Instructions by offset in what objdump was given: `  30:\t48 8b 07  \tmov    (%rdi),%rax` a line.
    static func parse(_ text: String) -> [Int: Instruction] {
        var instructions: [Int: Instruction] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count >= 3, fields[0].hasSuffix(":"),
                let offset = Int(fields[0].dropLast().drop { $0 == " " }, radix: 16)
            else { continue }
            // objdump appends the address that a relative operand would have in the file, after a #.
            let words = fields[2].prefix { $0 != "#" }.split(separator: " ")
            instructions[offset] = Instruction(
                length: fields[1].split(separator: " ").count, text: words.joined(separator: " "))
        }
        return instructions
    }
}
