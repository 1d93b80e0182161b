// SPDX-License-Identifier: MIT

import RaceReport

/// The needs of a plan's scenarios beyond the programs that are always there: C libraries and a preload that make the
/// call, and a program that uses Boost.
public struct ComparisonPrograms: Sendable {
    /// The C libraries that are needed with the series in them.
    public let projects: [CLibrary.Project]
    private let needsPreload: Bool
    private let needsBoost: Bool

    public init(of plan: ComparisonPlan) {
        let patched = plan.scenarios.filter { $0.destroyer == .patchedLibrary }
        projects = CLibrary.Project.allCases.filter { project in
            patched.contains { ($0.unlocker == .musl) == (project == .musl) }
        }
        needsBoost = plan.scenarios.contains { $0.memory == .boost }
        needsPreload = plan.scenarios.contains { [.preload, .preloadUnmap].contains($0.destroyer) }
    }

    /// Builds what is missing, and puts it beside the victims.
    func build(with builders: Builders) async throws {
        let victims = RaceVictims(
            robustListCheck: builders.swift.products.robustListCheck, progress: builders.progress)
        if !projects.isEmpty {
            let catalogue = try LibraryCatalogue(of: builders.repository)
            for project in projects {
                let library = try catalogue.library(project, version: nil)
                try victims.add(try await LibraryBuilder(builders).build(library))
            }
        }
        if needsBoost {
            let packages = DebianPackages(repository: builders.repository, progress: builders.progress)
            let root = try await packages.unpacked(["libboost1.*-dev"], as: "boost")
            try await victims.add(boost: root.pushing("usr/include"))
        }
        if needsPreload {
            try await builders.swift.buildPreload()
            try victims.add(preload: builders.swift.products.preload)
        }
    }
}
