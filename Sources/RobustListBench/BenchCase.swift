// SPDX-License-Identifier: MIT

import BenchReport
import RobustFutex

/// One thing to measure: how to bring it about.
public struct BenchCase: Sendable {
    public let name: String
    public let group: Measurement.Group
    public let title: String
    public let point: Measurement.Point?
    /// The reason why it cannot be measured on this machine; nil when it can.
    let reasonToSkip: @Sendable () -> String?
    /// Runs in a process of its own.
    let job: @Sendable (Setup) throws -> Job
    /// Bytes of the file in which the locks lie.
    let fileLength: Int
    /// The numbers of the system calls that are measured, where they are few.
    let systemCalls: [Int]?

    init(
        _ name: String, _ group: Measurement.Group, _ title: String, point: Measurement.Point? = nil,
        fileLength: Int = 4096, systemCalls: [Int]? = nil,
        unless reasonToSkip: @escaping @Sendable () -> String? = { nil },
        job: @escaping @Sendable (Setup) throws -> Job
    ) {
        self.name = name
        self.group = group
        self.title = title
        self.point = point
        self.fileLength = fileLength
        self.systemCalls = systemCalls
        self.reasonToSkip = reasonToSkip
        self.job = job
    }

    /// All of them, in the order in which they are measured and shown.
    ///
    /// ``everyday`` goes first: fork(2) copies everything that the measuring process has by then, and after cases that
    /// only one kernel has, with their results, it would have more on that kernel.
    public static let all = everyday + yardsticks + calls + emulations + unlocks

    /// Chooses by regular expressions that match anywhere in the name; none chooses all.
    ///
    /// - Throws: for a pattern that is no regular expression, what is wrong with it.
    public static func matching(_ patterns: [String]) throws -> [BenchCase] {
        let expressions = try patterns.map { try Regex($0) }
        return all.filter { item in
            expressions.isEmpty || expressions.contains { item.name.firstMatch(of: $0) != nil }
        }
    }

    /// Cases of one series, at each of `points`.
    static func series(
        _ series: String, _ group: Measurement.Group, per unit: String, at points: [Int],
        title: (Int) -> String, unless reasonToSkip: @escaping @Sendable () -> String? = { nil },
        fileLength: (Int) -> Int = { _ in 4096 }, job: @escaping @Sendable (Setup, Int) throws -> Job
    ) -> [BenchCase] {
        points.map { x in
            BenchCase(
                "\(series)/\(x)", group, title(x), point: .init(series: series, unit: unit, x: Double(x)),
                fileLength: fileLength(x), unless: reasonToSkip
            ) { setup in try job(setup, x) }
        }
    }

    @Sendable static func lacksCall() -> String? {
        let detection = SyscallDetection.ofThisKernel
        if detection.isAvailable { return nil }
        return detection.isFiltered
            ? "a seccomp filter forbids cleanup_robust_list(2)" : "this kernel has no cleanup_robust_list(2)"
    }
}

/// "1 thread", "16 threads"
func counted(_ count: Int, _ noun: String) -> String {
    let plural = noun.hasSuffix("s") ? noun + "es" : noun + "s"
    return "\(count) \(count == 1 ? noun : plural)"
}
