// SPDX-License-Identifier: MIT

import ArgumentParser
import RobustFutex
import RobustFutexChecks

struct Probe: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what this kernel offers against the race, and how that was found out.",
        discussion: "Exits 0 whatever the kernel offers: the output is the answer.")

    @OptionGroup var report: ReportOptions

    func run() throws {
        let file = try report.open()
        let kernel = KernelReport(try KernelCapabilities.ofThisKernel())
        row("kernel:", "\(kernel.release) \(kernel.machine)")
        show("cleanup_robust_list:", kernel.cleanupRobustList)
        show("FUTEX_ROBUST_UNLOCK:", kernel.futexRobustUnlock)
        show("vDSO unlock functions:", kernel.vdso)
        try report.write(kernel, to: file)
    }

    private func show(_ title: String, _ finding: KernelReport.Finding) {
        row(title, finding.state)
        for sentence in finding.evidence { row("", sentence) }
    }

    private func row(_ title: String, _ text: String) {
        let width = 23
        print(title + String(repeating: " ", count: max(1, width - title.count)) + text)
    }
}
