// SPDX-License-Identifier: MIT

import BenchReport
import Foundation
import SystemPackage

/// Measures callers that call at once: `robust-list-check callers` in a guest with a processor for each.
struct CallersRun {
    let builders: Builders

    init(_ builders: Builders) {
        self.builders = builders
    }

    /// Enough for 4,000 processes; without random addresses, as in ``BenchRun``. Not counting instructions: the
    /// processors have to be in the call at the same time, as far as the host has as many.
    private static let machine = MachineOptions(
        processors: 4, memory: 4096, kernelArguments: ["norandmaps", "nokaslr"])

    /// With it a kernel knows the owner of an address space; without it every call has to search, also that of a
    /// caller that is alone, and there is nothing to find out.
    private static let ownerOption = "CONFIG_MEMCG=y"

    /// nil for a kernel on which the question has no meaning: without the call, or without owners of address spaces.
    ///
    /// - Throws: when it could not be measured, which includes that the guest left it out.
    func measure(_ kernel: Catalogue.Kernel) async throws -> CallersReport? {
        guard kernel.patched else { return nil }
        let options = Builders.GuestOptions(
            machine: Self.machine, bootLimit: .seconds(600), commandLimit: .seconds(3600))
        let guest = try await builders.guest(kernel: kernel, image: .bench, options: options)
        guard try knowsOwners(kernel) else {
            builders.progress.note("callers on \(kernel.name): left out: every call searches, without MEMCG")
            return nil
        }
        return try await builders.progress.stage("callers on \(kernel.name)") {
            let directory = try RunDirectory(.bench, in: builders.repository, kernel: kernel.name)
            let output = try await MeasuringCommand(progress: builders.progress).output(
                of: ["callers"], in: guest, directory)
            return try Self.decode(output)
        }
    }

    private func knowsOwners(_ kernel: Catalogue.Kernel) throws -> Bool {
        let config = try Files.read(builders.kernels.directory(of: kernel).appending("tree/.config"))
        return String(decoding: config, as: UTF8.self).split(separator: "\n").contains {
            $0 == Self.ownerOption
        }
    }

    /// Decodes the report that the guest printed.
    ///
    /// - Throws: when it is not a report, or one of another schema.
    static func decode(_ bytes: [UInt8]) throws -> CallersReport {
        do {
            let report = try JSONDecoder().decode(CallersReport.self, from: Data(bytes))
            guard report.schema == CallersReport.currentSchema else {
                throw HarnessError(
                    "the guest's callers report has schema \(report.schema), not \(CallersReport.currentSchema)"
                )
            }
            return report
        } catch let error as DecodingError {
            throw HarnessError("the guest's callers report cannot be decoded: \(error)")
        }
    }
}
