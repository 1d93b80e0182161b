// SPDX-License-Identifier: MIT

import BenchReport
import CRobustListBench

/// The clock that costs are read from, and what it counts.
///
/// QEMU's `-icount shift=0` makes the guest's time stamp counter count instructions. Whether it does is not
/// taken from anybody's word: loops of known length, of different instructions, must take one tick for
/// each instruction, to the last. A real processor's counter fits none of them, let alone all.
struct CostClock {
    let unit: BenchReport.Clock.Unit
    let evidence: [String]

    init() {
        let loops = (0..<CRB_LOOPS.rawValue).map { Loop(kind: crb_loop(rawValue: $0)) }
        let counts = loops.allSatisfy(\.takesOneTickAnInstruction)
        unit = counts ? .instructions : .nanoseconds
        evidence = loops.map(\.description)
    }

    var source: crb_clock { unit == .instructions ? CRB_CLOCK_CYCLES : CRB_CLOCK_MONOTONIC }

    /// The relative change with which a cost still counts as stable.
    var tolerance: Double { unit == .instructions ? BenchRecord.tolerance : 0.05 }

    private struct Loop {
        let instructions: UInt64
        let ticks: UInt64

        /// The least of several differences between a long and a short run, so that entering the loop and
        /// interrupts in it count for nothing.
        init(kind: crb_loop) {
            let short: UInt64 = 1_000
            let long: UInt64 = 11_000
            instructions = (long - short) * UInt64(crb_loop_instructions(kind))
            let shortest = (0..<8).map { _ in crb_loop_ticks(kind, short) }.min()!
            let longest = (0..<8).map { _ in crb_loop_ticks(kind, long) }.min()!
            ticks = longest - min(shortest, longest)
        }

        var takesOneTickAnInstruction: Bool { ticks == instructions }

        var description: String { "\(instructions) instructions took \(ticks) ticks" }
    }
}
