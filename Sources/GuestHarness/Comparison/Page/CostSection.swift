// SPDX-License-Identifier: MIT

import BenchReport
import Foundation

/// The cost of the call, from the records that `./qemu/run --bench` left.
struct CostSection {
    var records: [BenchRecord]

    private var reports: [BenchReport] { records.map(\.report) }
    /// In the unit of the targets.
    private var withCall: [BenchReport] { recordsWithCall.map(\.report) }

    var html: HTML {
        guard !reports.isEmpty else { return "" }
        var section: HTML = "<section id=\"cost\">\n<h2>What it costs</h2>\n"
        for clock in Set(reports.map(\.clock.unit.rawValue)).sorted() {
            section.append("<p>The unit is \(clock): \(evidence(clock)).</p>")
        }
        let commands = records.map { "<br><code>\($0.command)</code>, \($0.date), \($0.emulator)" as HTML }
        section.append("<p>Measured with\(commands.joined())</p>")
        section.append(targets)
        section.append(plots)
        section.append(yardsticks)
        section.append(bystanders)
        section.append("</section>")
        return section
    }

    private func evidence(_ unit: String) -> String {
        reports.first { $0.clock.unit.rawValue == unit }!.clock.evidence.joined(separator: "; ")
    }

    /// Those whose unit is the targets'.
    private var recordsWithCall: [BenchRecord] {
        records.filter { $0.report.kernel.hasCleanupRobustList && $0.report.clock.unit == .instructions }
    }

    private var targets: HTML {
        guard !withCall.isEmpty else { return "" }
        let kernels = withCall.map { "<th class=\"number\">\($0.kernel.release)</th>" as HTML }.joined()
        let rows = Target.all.map { target -> HTML in
            let values = withCall.map { report -> HTML in
                guard let value = target.value(in: report) else {
                    return "<td class=\"number\" data-label=\"\(report.kernel.release)\">not measured</td>"
                }
                let isMet = target.isMet(by: value)
                return """
                    <td class="number \(isMet ? "intact" : "broken")" data-label="\(report.kernel.release)">\
                    \(Self.number(value)) <span class="word">\(isMet ? "met" : "over")</span>\
                    \(explanation(of: target, in: report))</td>
                    """
            }
            return """
                <tr><th scope="row">\(target.title)</th>\
                <td class="number" data-label="target">\(Self.number(target.limit))</td>\
                \(values.joined())</tr>
                """
        }
        return """
            <h3>The call against its targets</h3>
            <div class="scroll"><table class="stack">
            <thead><tr><th>case</th><th class="number">target</th>\(kernels)</tr></thead>
            <tbody>\(rows.joined())\(callers)</tbody></table></div>
            """
    }

    /// The one target that is no count of instructions; without a kernel on which it was measured, nothing.
    private var callers: HTML {
        guard let title = recordsWithCall.compactMap(\.callers?.title).first else { return "" }
        let values = recordsWithCall.map { record -> HTML in
            let release = record.report.kernel.release
            guard let callers = record.callers, let ratio = callers.ratio, let verdict = callers.verdict
            else {
                return "<td class=\"number\" data-label=\"\(release)\">not measured</td>"
            }
            let (style, word): (String, String) =
                switch verdict {
                case .met: ("intact", "met")
                case .missed: ("broken", "below")
                case .failed: ("broken", "failed")
                }
            return """
                <td class="number \(style)" data-label="\(release)">\(Self.hundredths(ratio)) \
                <span class="word">\(word)</span><div class="faint">searches of all processes in \
                \(Self.number(Double(callers.calls))) calls: \(Self.number(Double(callers.searches)))</div></td>
                """
        }
        return """
            <tr><th scope="row">\(title): calls per second, as a ratio</th>\
            <td class="number" data-label="target">\(Self.hundredths(CallersReport.target)) or more</td>\
            \(values.joined())</tr>
            """
    }

    private func explanation(of target: Target, in report: BenchReport) -> HTML {
        guard let part = target.explanation(in: report) else { return "" }
        return "<div class=\"faint\">\(part.title): \(Self.number(part.value))</div>"
    }

    private var plots: HTML {
        var order: [String] = []
        for line in withCall.flatMap(\.lines) where !order.contains(line.series) { order.append(line.series) }
        let figures = order.map { name -> HTML in
            let lines = withCall.compactMap { report in report.line(name).map { (report, $0) } }
            let series = zip(lines, ["a", "b", "c", "d"]).map { pair, style in
                LineChart.Series(
                    name: pair.0.kernel.release, style: style,
                    points: pair.1.points.map { ($0.x, $0.cost) },
                    line: (pair.1.intercept, pair.1.slope))
            }
            let unit = lines[0].1.unit
            let chart = LineChart(
                title: name, xTitle: "\(unit)s", yTitle: lines[0].0.clock.unit.rawValue, series: series)
            let legend = zip(lines, series).map { pair, series -> HTML in
                """
                <span class="key" style="background:var(--\(series.style))"></span>\(series.name): \
                \(Self.number(pair.1.intercept)) + \(Self.number(pair.1.slope)) for each \(unit)<br>
                """
            }
            return """
                <figure><figcaption><b>\(name)</b></figcaption>
                \(chart.svg)<div class="faint">\(legend.joined())</div></figure>
                """
        }
        guard !figures.isEmpty else { return "" }
        return "<h3>How it grows</h3>\n<div class=\"figures\">\(figures.joined())</div>"
    }

    /// The call in the commonest case, held against what else a program may do.
    private var yardsticks: HTML {
        let tables = withCall.compactMap { report -> HTML? in
            guard let base = report.cost("sharers/1") ?? report.cost("own-threads/1") else { return nil }
            let rows = report.measurements.filter { [.yardstick, .emulation, .unlock].contains($0.group) }.map
            {
                measurement -> HTML in
                guard let cost = measurement.cost?.decile else {
                    return """
                        <tr><th scope="row">\(measurement.title)</th>\
                        <td class="cannot" colspan="2">cannot run: \(measurement.skipped ?? "no reason given")</td></tr>
                        """
                }
                return """
                    <tr><th scope="row">\(measurement.title)</th>\
                    <td class="number" data-label="cost">\(Self.number(cost))</td>\
                    <td class="number" data-label="of the call">\(Self.ratio(cost, of: base))</td></tr>
                    """
            }
            guard !rows.isEmpty else { return nil }
            return """
                <div class="scroll"><table class="stack">
                <caption>\(report.kernel.release); the call with one other sharer: \(Self.number(base))</caption>
                <thead><tr><th>operation</th><th class="number">cost</th><th class="number">of the call</th></tr></thead>
                <tbody>\(rows.joined())</tbody></table></div>
                """
        }
        guard !tables.isEmpty else { return "" }
        return "<h3>Beside other calls, and beside doing it in user space</h3>\n\(tables.joined())"
    }

    /// The cost for those who do not use the call: nothing, but for the place of their calls among the others.
    private var bystanders: HTML {
        guard let stock = records.first(where: { !$0.report.kernel.hasCleanupRobustList }),
            let patched = records.first(where: \.report.kernel.hasCleanupRobustList)
        else { return "" }
        let before = stock.report.kernel.release
        let after = patched.report.kernel.release
        let rows = Bystander.all(stock: stock, patched: patched).map { bystander -> HTML in
            """
            <tr><th scope="row">\(bystander.title)</th>\
            <td class="number" data-label="\(before)">\(Self.number(bystander.stock))</td>\
            <td class="number" data-label="\(after)">\(Self.number(bystander.patched))</td>\
            <td class="number" data-label="difference">\(Self.number(bystander.difference))</td>\
            <td class="number" data-label="of it lookup">\(Self.number(bystander.lookup))</td>\
            <td class="\(bystander.isEqual ? "intact" : "broken")" data-label="within the noise, \
            \(Self.number(bystander.noise))"><span class="word">\(bystander.isEqual ? "equal" : "differs")</span></td></tr>
            """
        }
        guard !rows.isEmpty else { return "" }
        return """
            <h3>What everybody else pays</h3>
            <p>Lookup is the part of a difference that comes from the kernel finding a system call by its number in a \
            tree of comparisons, to which one number more gives another shape. What is left is noise, or it differs.</p>
            <div class="scroll"><table class="stack">
            <thead><tr><th>operation</th><th class="number">\(before)</th>\
            <th class="number">\(after)</th><th class="number">difference</th>\
            <th class="number">of it lookup</th><th>without it</th></tr></thead>
            <tbody>\(rows.joined())</tbody></table></div>
            """
    }

    /// Groups of three digits; decimals only where they say something.
    static func number(_ value: Double) -> String {
        let text = String(format: abs(value) < 10 && value != value.rounded() ? "%.1f" : "%.0f", value)
        let parts = text.split(separator: ".", maxSplits: 1)
        var grouped = ""
        for (index, digit) in parts[0].enumerated() {
            let left = parts[0].count - index
            if index > 0, left % 3 == 0, parts[0][parts[0].startIndex] != "-" || index > 1 { grouped += "," }
            grouped.append(digit)
        }
        return parts.count == 2 ? "\(grouped).\(parts[1])" : grouped
    }

    private static func ratio(_ cost: Double, of base: Double) -> String { hundredths(cost / base) }

    private static func hundredths(_ value: Double) -> String { String(format: "%.2f", value) }
}
