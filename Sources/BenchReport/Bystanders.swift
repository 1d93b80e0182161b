// SPDX-License-Identifier: MIT

/// The cost of an everyday operation, on a kernel without the call and on one with it.
public struct Bystander: Equatable, Sendable {
    public var name: String
    public var title: String
    public var stock: Double
    public var patched: Double
    /// The part of the difference that comes from the way in which the kernel finds the system calls that are made, see
    /// ``BenchRecord/systemCallLookups``.
    public var lookup: Double
    /// The largest difference between the two costs that means nothing: the distance that this cost had between two
    /// boots of the same kernel, the larger one of the two kernels, but not less than ``noiseFloor`` allows.
    public var noise: Double

    public var difference: Double { patched - stock }
    public var isEqual: Bool { abs(difference - lookup) <= noise }

    /// Relative. Two kernels differ by more than two boots of one do: their data lie elsewhere, so that hash
    /// chains and trees have other shapes. What can be told apart is never less than this.
    public static let noiseFloor = 0.005

    /// One for each cost of its kind that both records have.
    public static func all(stock: BenchRecord, patched: BenchRecord) -> [Bystander] {
        let apart = [stock, patched].map { record in
            Dictionary(record.differences.map { ($0.name, $0.greatest - $0.least) }, uniquingKeysWith: max)
        }
        return stock.report.measurements.compactMap { measurement in
            guard measurement.group == .bystander, let before = least(measurement.name, stock),
                let after = least(measurement.name, patched)
            else { return nil }
            let boots = apart.compactMap { $0[measurement.name] }.max() ?? 0
            return Bystander(
                name: measurement.name, title: measurement.title, stock: before, patched: after,
                lookup: lookup(measurement.systemCalls ?? [], stock: stock, patched: patched),
                noise: max(boots, noiseFloor * before))
        }
    }

    private static func lookup(_ calls: [Int], stock: BenchRecord, patched: BenchRecord) -> Double {
        let differences = calls.map { number -> Int in
            guard let before = stock.systemCallLookups?[number],
                let after = patched.systemCallLookups?[number]
            else { return 0 }
            return after - before
        }
        return Double(differences.reduce(0, +))
    }

    private static func least(_ name: String, _ record: BenchRecord) -> Double? {
        record.passes.compactMap { $0.cost(name) }.min()
    }
}
