// SPDX-License-Identifier: MIT

import BenchReport
import CRobustListBench

extension BenchCase {
    /// The work that a program would have to do without the call, in cases of the same names: racy, privileged, and
    /// unable to wait for exits; see crb_emulation.h.
    static let emulations =
        emulation("own-threads", per: "thread", at: [1, 128]) { stage, count in
            try stage.startThreads(count - 1)
        }
        + emulation("sharers", per: "process", at: [1, 16, 128]) { stage, count in
            try stage.startSharers(count)
        }
        + emulation("sharer-threads", per: "thread", at: [128]) { stage, count in
            try stage.startSharers(1, threads: count)
        }
        + emulation("unrelated", per: "process", at: [1000]) { stage, count in
            try stage.startUnrelated(count)
            try stage.startSharers(1)
        }
        + [
            BenchCase(
                "emulated-match/sharer", .emulation, "emulation of match/sharer: racy, needs ptrace access"
            ) { stage in
                try stage.startSharers(1)
                var emulation = try describe(stage)
                try need(
                    "the robust list head of the sharer",
                    crb_aim(&emulation.match, stage.peers[0].pid, stage.peers[0].mapping))
                return Job(
                    crb_emulate, on: stage.context(emulation), prepare: crb_set_pending,
                    settle: crb_confirm_cleared)
            }
        ]

    private static func emulation(
        _ series: String, per unit: String, at points: [Int],
        scene: @escaping @Sendable (Stage, Int) throws -> Void
    ) -> [BenchCase] {
        self.series(
            "emulated-\(series)", .emulation, per: unit, at: points,
            title: { "emulation of \(series)/\($0): racy, needs ptrace access" },
            job: { stage, x in
                try scene(stage, x)
                return Job(crb_emulate, on: stage.context(try describe(stage)))
            })
    }

    private static func describe(_ stage: Stage) throws -> crb_emulation {
        var emulation = crb_emulation()
        _ = try stage.map()
        try need(
            "the identity of the file", crb_describe(&emulation, stage.file.descriptor.rawValue, 0, 4))
        return emulation
    }
}
