// SPDX-License-Identifier: MIT

import Testing

@testable import WorldExplorer

/// The means of exploring by coverage.
@Suite struct GuidanceTests {
    private static func bytes(_ words: [UInt32]) -> [UInt8] {
        words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
    }

    private static let magic: UInt32 = 0x6763_6461
    private static let function: UInt32 = 0x0100_0000
    private static let arcs: UInt32 = 0x01a1_0000

    @Test func countsAreReadFromAFileOfEitherKind() {
        // gcc 12 and newer: a checksum in the header, lengths in bytes.
        let new = Self.bytes([
            Self.magic, 0x4232_322a, 1, 2, Self.function, 12, 1, 2, 3, Self.arcs, 16, 5, 0, 0, 1,
            Self.function, 12, 4, 5, 6, Self.arcs, 8, 9, 0,
        ])
        #expect(KernelCoverage.counts(in: new) == [5, 1 << 32, 9])
        let old = Self.bytes([
            Self.magic, 0x4231_322a, 1, Self.function, 3, 1, 2, 3, Self.arcs, 4, 5, 0, 0, 1,
        ])
        #expect(KernelCoverage.counts(in: old) == [5, 1 << 32])
    }

    @Test(arguments: [
        [], [1, 2, 3, 4, 5], [Self.magic, 0x4232_322a, 1, 2, 77, 4, 1],
        [Self.magic, 0x4232_322a, 1, 2, Self.arcs, 400, 1],
    ])
    func whatIsNoSuchFileHasNoCounts(_ words: [UInt32]) {
        #expect(KernelCoverage.counts(in: Self.bytes(words)) == nil)
    }

    @Test func variationsAreOtherProgramsAndStayShort() {
        var generator = ProgramGenerator(seed: 7)
        let (one, other) = (generator.program(), generator.program())
        var (changed, current) = (0, one)
        for _ in 0..<500 {
            let varied = generator.variation(of: current, and: other)
            #expect(varied.steps.count <= 60)
            if varied.steps != current.steps { changed += 1 }
            current = varied
        }
        #expect(changed > 400)
    }
}
