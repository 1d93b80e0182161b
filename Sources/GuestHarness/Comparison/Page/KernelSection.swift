// SPDX-License-Identifier: MIT

import RaceReport

/// The kernels and C libraries that were compared, by name, version and digest.
struct KernelSection {
    var report: ComparisonReport

    var html: HTML {
        let rows = report.kernels.map { kernel -> HTML in
            let origin = report.origin(of: kernel)
            return """
                <tr><th scope="row">\(kernel.name)</th>\
                <td data-label="architecture">\(kernel.architecture)</td>\
                <td data-label="release">\(origin?.kernel.release ?? kernel.release)</td>\
                <td data-label="accelerator">\(origin?.accelerator.rawValue.uppercased() ?? "–")</td>\
                <td class="mono digest" data-label="SHA-256 of the configuration">\(kernel.configDigest ?? "not built here")</td>\
                <td class="mono digest" data-label="SHA-256 of the image">\(kernel.imageDigest)</td></tr>
                """
        }
        let libraries = report.byArchitecture().flatMap {
            Self.libraries(of: $0.report, architecture: $0.name)
        }
        return """
            <section id="kernels">
            <h2>Kernels and libraries</h2>
            <div class="scroll"><table class="stack">
            <thead><tr><th>kernel</th><th>architecture</th><th>release</th><th>accelerator</th><th>SHA-256 of the configuration</th>\
            <th>SHA-256 of the image</th></tr></thead>
            <tbody>\(rows.joined())</tbody></table></div>
            <div class="scroll"><table class="stack">
            <thead><tr><th>unlocker</th><th>library</th><th>program</th></tr></thead>
            <tbody>\(libraries.joined())</tbody></table></div>
            </section>
            """
    }

    /// The first that each unlocker was; all kernels of an architecture run the same.
    private static func libraries(of report: ComparisonReport, architecture: String?) -> [HTML] {
        let place: HTML = architecture.map { "\($0), " } ?? ""
        return Scenario.Unlocker.allCases.compactMap { unlocker in
            guard
                let library = report.cells.compactMap(\.origin?.library).first(where: {
                    $0.unlocker == unlocker
                })
            else { return nil }
            return """
                <tr><th scope="row">\(place)\(PageWords.name(unlocker))</th>\
                <td data-label="library">\(library.name) \(library.version ?? "(does not tell its version)"), \(library.bits) bits</td>\
                <td class="mono" data-label="program">\(library.program)</td></tr>
                """
        }
    }
}
