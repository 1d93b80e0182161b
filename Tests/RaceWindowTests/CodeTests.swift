// SPDX-License-Identifier: MIT

import Testing

@testable import RaceWindow

/// Addresses and instructions in words.
@Suite struct CodeTests {
    @Test func namesAddressesByModule() {
        let map = ModuleMap(
            parsing: """
                555555554000-555555555000 r--p 00000000 00:1f 5  /tmp/with space/victim
                555555555000-555555556000 r-xp 00001000 00:1f 5  /tmp/with space/victim
                7ffff7c00000-7ffff7c26000 r--p 00000000 00:1f 9                          /usr/lib/libc.so.6
                7ffff7c26000-7ffff7d7b000 r-xp 00026000 00:1f 9                          /usr/lib/libc.so.6
                7ffff7fc9000-7ffff7fcb000 r-xp 00000000 00:00 0                          [vdso]
                7ffff8000000-7ffff8001000 rw-p 00000000 00:00 0
                """)
        #expect(map.name(of: 0x7fff_f7c8_da45) == "libc.so.6+0x8da45")
        #expect(map.name(of: 0x5555_5555_5010) == "victim+0x1010")
        #expect(map.name(of: 0x7fff_f7fc_9e20) == "[vdso]+0xe20")
        #expect(map.name(of: 0x7fff_f800_0010) == "0x7ffff8000010")
        #expect(map.name(of: 0x10) == "0x10")
        #expect(map.bytesLeft(at: 0x7fff_f7d7_aff8) == 8)
        #expect(map.bytesLeft(at: 0x10) == nil)
    }

    @Test func readsWhatObjdumpPrints() {
        let instructions = Disassembler.parse(
            """

            /tmp/x:     file format binary


            Disassembly of section .data:

            0000000000000000 <.data>:
               0:\t48 c7 c1 d0 ff ff ff \tmov    $0xffffffffffffffd0,%rcx
              30:\tf0 0f c1 05 34 3a 00 00 \tlock xadd %eax,0x3a34(%rip)        # 0x484c
              60:\t(bad)
            """)
        #expect(instructions[0] == .init(length: 7, text: "mov $0xffffffffffffffd0,%rcx"))
        #expect(instructions[0x30] == .init(length: 8, text: "lock xadd %eax,0x3a34(%rip)"))
        #expect(instructions.count == 2)
    }

    @Test(.enabled(if: (try? ToolRun("objdump", ["--version"]).run()) != nil, "objdump is not here"))
    func disassemblesEachPieceByItself() {
        let code: [[UInt8]] = [
            // The start of a longer instruction follows: it must not swallow the next piece.
            [0x31, 0xc0, 0x48, 0xc7, 0x84], [], [0x0f, 0x88, 0x8b, 0x01, 0x00, 0x00], [0xeb, 0xfe],
        ]
        let disassembler = Disassembler(bits: 64) { "place \(String($0, radix: 16))" }
        let found = disassembler.disassemble(code, at: [0x1000, 0, 0x2000, 0x3000])
        #expect(found.map { $0?.text } == ["xor %eax,%eax", nil, "js place 2191", "jmp place 3000"])
        #expect(found.map { $0?.length } == [2, nil, 6, 2])
    }
}
