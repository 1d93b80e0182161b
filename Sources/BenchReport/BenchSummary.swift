// SPDX-License-Identifier: MIT

/// Records of several kernels side by side, as text.
public struct BenchSummary {
    private let records: [BenchRecord]

    /// - Parameter records: in the order of the columns.
    public init(_ records: [BenchRecord]) {
        self.records = records
    }

    private var stock: BenchRecord? { records.first { !$0.report.kernel.hasCleanupRobustList } }
    /// Those with the call; the first is the one that is compared.
    private var patched: [BenchRecord] { records.filter(\.report.kernel.hasCleanupRobustList) }

    public var lines: [String] {
        let parts = [costs, growth, emulation, unlock, everybody, targets].filter { !$0.isEmpty }
        return Array(parts.joined(separator: [""]))
    }

    /// The problems: with the measurement itself, and costs that the call has for programs that do not use it.
    public var complaints: [String] {
        records.flatMap { record in
            record.unrepeatable.map {
                "\(record.kernel): \($0.name) was \(number($0.least)) in one boot, \(number($0.greatest)) in another"
            }
        }
            + bystanders.filter { !$0.isEqual }.map {
                "\($0.name) costs \(number($0.stock)) without the call in the kernel, \(number($0.patched)) with it"
            }
            + records.compactMap { record in
                guard case .failed(let reason) = record.callers?.verdict else { return nil }
                return "\(record.kernel): \(reason)"
            }
    }

    private var bystanders: [Bystander] {
        guard let stock, let patched = patched.first else { return [] }
        return Bystander.all(stock: stock, patched: patched)
    }

    // MARK: Tables

    private static let words: [Measurement.Group] = [.call, .yardstick]

    private var costs: [String] {
        let shown = (patched.isEmpty ? records : patched)
        guard let first = shown.first?.report else { return [] }
        let call = first.cost("getppid")
        let rows = Self.words.flatMap { group in
            first.measurements.filter { $0.group == group }.map { measurement in
                [measurement.title] + shown.map { $0.report.cost(measurement.name).map(number) ?? "-" } + [
                    call.flatMap { base in measurement.cost.map { ratio($0.decile / base) } } ?? ""
                ]
            }
        }
        guard !rows.isEmpty else { return [] }
        return NumberTable.lines(
            ["guest instructions"] + shown.map(\.kernel) + ["x getppid"], rows, leftAligned: [0])
    }

    private var growth: [String] {
        let rows = patched.flatMap { record in
            record.report.lines.map { line in
                [
                    line.series, record.kernel, number(line.intercept), decimal(line.slope),
                    decimal(line.steepest), percent(line.largestResidual), "per \(line.unit)",
                ]
            }
        }
        guard !rows.isEmpty else { return [] }
        return NumberTable.lines(
            ["growth", "", "fixed", "slope", "steepest", "residual", ""], rows, leftAligned: [0, 1, 6])
    }

    private var emulation: [String] {
        guard let report = patched.first?.report else { return [] }
        let prefix = "emulated-"
        let rows = report.measurements.compactMap { measurement -> [String]? in
            guard measurement.group == .emulation, let cost = measurement.cost?.decile else { return nil }
            let name = String(measurement.name.dropFirst(prefix.count))
            guard let call = report.cost(name), let title = report.measurement(name)?.title else {
                return nil
            }
            return [title, number(call), number(cost), ratio(cost / call)]
        }
        guard !rows.isEmpty else { return [] }
        return NumberTable.lines(
            ["without the call: racy, needs ptrace access", "call", "emulation", "ratio"], rows,
            leftAligned: [0])
    }

    private var unlock: [String] {
        guard let report = records.first?.report else { return [] }
        let rows = [("uncontended", ""), ("with a wake", "-wake")].compactMap { title, suffix -> [String]? in
            guard let legacy = report.cost("unlock-legacy\(suffix)"),
                let vdso = report.cost("unlock-vdso\(suffix)")
            else { return nil }
            return [title, number(legacy), number(vdso), number(vdso - legacy)]
        }
        guard !rows.isEmpty else { return [] }
        return NumberTable.lines(
            ["one unlock", "legacy", "FUTEX_ROBUST_UNLOCK", "difference"], rows, leftAligned: [0])
    }

    private var everybody: [String] {
        let rows = bystanders.map {
            [
                $0.title, number($0.stock), number($0.patched), number($0.difference), number($0.lookup),
                number($0.noise), $0.isEqual ? "equal" : "DIFFERS",
            ]
        }
        guard !rows.isEmpty, let stock, let patched = patched.first else { return [] }
        return NumberTable.lines(
            ["everybody else", stock.kernel, patched.kernel, "difference", "of it lookup", "noise", ""],
            rows, leftAligned: [0, 6])
    }

    private var targets: [String] {
        guard let record = patched.first else { return [] }
        return TargetTable.lines(record.report, callers: record.callers)
    }
}
