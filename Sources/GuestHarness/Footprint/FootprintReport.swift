// SPDX-License-Identifier: MIT

/// The differences of two kernels, as text.
public struct FootprintReport {
    let names: (stock: String, patched: String)
    let findings: [ObjectComparison.Finding]
    let sizes: (stock: StructureSizes, patched: StructureSizes)

    public init(
        names: (stock: String, patched: String), findings: [ObjectComparison.Finding],
        sizes: (stock: StructureSizes, patched: StructureSizes)
    ) {
        self.names = names
        self.findings = findings
        self.sizes = sizes
    }

    /// Tells whether nothing differs without a reason.
    public var isClean: Bool {
        sizes.stock.bytes == sizes.patched.bytes
            && !findings.contains { if case .different = $0.verdict { true } else { false } }
    }

    public var lines: [String] {
        let structures = StructureSizes.structures.map { name -> [String] in
            let (before, after) = (sizes.stock.bytes[name] ?? 0, sizes.patched.bytes[name] ?? 0)
            return ["struct \(name)", "\(before)", "\(after)", before == after ? "equal" : "DIFFERS"]
        }
        var rows: [[String]] = []
        for finding in findings {
            switch finding.verdict {
            case .identical: break
            case .expected(let reason): rows.append([finding.path, "differs", reason])
            case .different(let how): rows.append([finding.path, "DIFFERS", how])
            }
        }
        let identical = findings.count { $0.verdict == .identical }
        return TextTable.lines(of: [["bytes", names.stock, names.patched, ""]] + structures) + [""]
            + TextTable.lines(of: rows) + ["", "\(identical) of \(findings.count) objects are identical"]
    }
}
