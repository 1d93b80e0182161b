// SPDX-License-Identifier: MIT

import BenchReport
import CRobustListBench
import TestProcesses

extension BenchCase {
    /// The work that a program would have to do without the call, in cases of the same names: racy, privileged, and
    /// unable to wait for exits; see crb_emulation.h.
    static let emulations =
        emulation("own-threads", per: "thread", at: [1, 128]) { setup, count in
            try setup.startThreads(count - 1)
        }
        + emulation("sharers", per: "process", at: [1, 16, 128]) { setup, count in
            try setup.startSharers(count)
        }
        + emulation("sharer-threads", per: "thread", at: [128]) { setup, count in
            try setup.startSharers(1, threads: count)
        }
        + emulation("unrelated", per: "process", at: [1000]) { setup, count in
            try setup.startUnrelated(count)
            try setup.startSharers(1)
        }
        + [
            BenchCase(
                "emulated-match/sharer", .emulation, "emulation of match/sharer: racy, needs ptrace access"
            ) { setup in
                try setup.startSharers(1)
                var emulation = try describe(setup)
                try required(
                    "the robust list head of the sharer",
                    crb_aim(&emulation.match, setup.peers[0].pid, setup.peers[0].mapping))
                return Job(
                    crb_emulate, on: setup.context(emulation), prepare: crb_set_pending,
                    settle: crb_confirm_cleared)
            }
        ]

    private static func emulation(
        _ series: String, per unit: String, at points: [Int],
        scene: @escaping @Sendable (Setup, Int) throws -> Void
    ) -> [BenchCase] {
        self.series(
            "emulated-\(series)", .emulation, per: unit, at: points,
            title: { "emulation of \(series)/\($0): racy, needs ptrace access" },
            job: { setup, x in
                try scene(setup, x)
                return Job(crb_emulate, on: setup.context(try describe(setup)))
            })
    }

    private static func describe(_ setup: Setup) throws -> crb_emulation {
        var emulation = crb_emulation()
        _ = try setup.map()
        try required(
            "the identity of the file", crb_describe(&emulation, setup.file.descriptor.rawValue, 0, 4))
        return emulation
    }
}
