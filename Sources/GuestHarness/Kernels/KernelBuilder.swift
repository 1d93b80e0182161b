// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A kernel that can be booted.
public struct BuiltKernel: Sendable {
    public var name: String
    /// The release, as `uname -r` prints it.
    public var release: String
    public var image: FilePath
    /// By what factor limits are larger in its guests, see ``Catalogue/Kernel/slowness``.
    public var slowness = 1
}

/// Builds the kernels of the catalogue, each in a tree of its own.
public struct KernelBuilder: Sendable {
    public enum State: String, Sendable {
        case current, stale
        case absent = "not built"
    }

    let repository: Repository
    let catalogue: Catalogue
    /// Of kernels for which the catalogue names no other.
    let architecture: Architecture
    let progress: Progress
    /// The change to the series that kernels are built with.
    let seriesChange: PatchSeries.Change

    public init(
        repository: Repository, catalogue: Catalogue, architecture: Architecture, progress: Progress,
        seriesChange: PatchSeries.Change = .init()
    ) {
        self.seriesChange = seriesChange
        self.repository = repository
        self.catalogue = catalogue
        self.architecture = architecture
        self.progress = progress
    }

    /// All that a built kernel depends on. Kept beside it; a kernel that was made from something else is stale.
    struct Inputs: Codable, Equatable {
        var source: String
        var patches: [PatchSeries.Patch]
        var options: [String]
        var compiler: String
        var release: String

        /// A line for each thing that decides what the kernel does. Mails around the patches, and the kernel's
        /// documentation, are none: hours of results stay good when a sentence changes.
        var behaviour: [String] { [source, compiler, release] + options + patches.changesToCode }
    }

    /// Kernels of the user's tree lie beside those of Debian's: changing over must rebuild neither.
    public func directory(of kernel: Catalogue.Kernel) -> FilePath {
        // The kernel's name has the tree's.
        if let tree = kernel.tree { return repository.kernels.appending("\(kernel.name)-\(tree.mark)") }
        let suffix = UserTree.chosen(for: repository).map { "+\($0.name)" } ?? ""
        return repository.kernels.appending(kernel.name + suffix)
    }

    private func stamp(of kernel: Catalogue.Kernel) -> Stamp<Inputs> {
        Stamp(directory(of: kernel).appending("stamp.json"))
    }

    /// The architecture that a kernel is for.
    public func architecture(of kernel: Catalogue.Kernel) -> Architecture {
        // The catalogue names none that has no record.
        kernel.architecture.flatMap { try? Architecture.named($0) } ?? architecture
    }

    private func image(of kernel: Catalogue.Kernel) -> FilePath {
        directory(of: kernel).appending("tree").pushing(FilePath(architecture(of: kernel).kernelImage))
    }

    /// The configuration that a built kernel has.
    func configuration(of kernel: Catalogue.Kernel) -> FilePath {
        directory(of: kernel).appending("tree").appending(".config")
    }

    private func series(of kernel: Catalogue.Kernel) throws -> PatchSeries {
        let directory = repository.root.appending(try catalogue.base(of: kernel).series)
        let series =
            kernel.patched && kernel.tree == nil
            ? try PatchSeries(directory: directory) : PatchSeries(emptyFor: directory)
        return series.changed(by: seriesChange)
    }

    private func config(of kernel: Catalogue.Kernel) throws -> KernelConfig {
        try KernelConfig(
            names: try catalogue.base(of: kernel).config + kernel.config, for: architecture(of: kernel).name,
            in: repository.configFragments)
    }

    private func inputs(
        of kernel: Catalogue.Kernel, source: KernelSource, series: PatchSeries, config: KernelConfig
    ) async throws -> Inputs {
        let gcc = try compilers.compiler(for: architecture(of: kernel).triplet)
        let compiler = try await Tool(gcc.program, ["--version"], environment: gcc.environment).output()
        return Inputs(
            source: source.identity, patches: series.patches, options: config.requested,
            compiler: String(compiler.prefix { $0 != "\n" }),
            release: "\(try source.version())-\(kernel.name)")
    }

    /// The inputs of a kernel of a given tree, whose files have a record of their own.
    private func inputs(
        of kernel: Catalogue.Kernel, tree: GivenTree, config: KernelConfig
    ) async throws -> Inputs {
        let source = KernelSource(identity: "tree \(tree.path)", tree: tree.path)
        return try await inputs(of: kernel, source: source, series: series(of: kernel), config: config)
    }

    private func copy(of tree: GivenTree, for kernel: Catalogue.Kernel) -> TreeCopy {
        TreeCopy(original: tree, tree: directory(of: kernel).appending("tree"))
    }

    /// What decides what the built `kernel` does, to be compared with what it was at another time.
    func inputs(of kernel: Catalogue.Kernel) async throws -> [String] {
        let source = try await SourceStore(repository: repository, progress: progress)
            .source(of: catalogue.base(of: kernel))
        return try await inputs(
            of: kernel, source: source, series: series(of: kernel), config: config(of: kernel)
        ).behaviour
    }

    /// The state that `--list` shows; needs no network and changes nothing.
    public func state(of kernel: Catalogue.Kernel) async -> (state: State, release: String?) {
        guard Files.exists(image(of: kernel)), let old = stamp(of: kernel).inputs else {
            return (.absent, nil)
        }
        if let tree = kernel.tree {
            guard let config = try? config(of: kernel),
                let new = try? await inputs(of: kernel, tree: tree, config: config), old == new,
                let changes = try? await copy(of: tree, for: kernel).changes(), changes.isEmpty
            else { return (.stale, old.release) }
            return (.current, old.release)
        }
        guard let base = try? catalogue.base(of: kernel),
            let source = SourceStore(repository: repository, progress: progress).present(base),
            let series = try? series(of: kernel), let config = try? config(of: kernel),
            let new = try? await inputs(of: kernel, source: source, series: series, config: config)
        else { return (.stale, old.release) }
        return (old == new ? .current : .stale, old.release)
    }

    /// A kernel as it will be once it is built.
    func planned(_ kernel: Catalogue.Kernel) async -> BuiltKernel {
        BuiltKernel(
            name: kernel.name, release: await state(of: kernel).release ?? "", image: image(of: kernel),
            slowness: kernel.slowness ?? 1)
    }

    /// Builds a kernel unless it is current. What an interrupted build has done is kept.
    public func build(_ kernel: Catalogue.Kernel) async throws -> BuiltKernel {
        // Before anything takes long: these are what a user gets wrong.
        let series = try series(of: kernel)
        let config = try config(of: kernel)
        if let triplet = architecture(of: kernel).triplet { try await compilers.get(for: triplet) }
        if let tree = kernel.tree { return try await build(kernel, from: tree, config) }
        let source = try await SourceStore(repository: repository, progress: progress)
            .source(of: catalogue.base(of: kernel))
        let inputs = try await inputs(of: kernel, source: source, series: series, config: config)
        let built = BuiltKernel(
            name: kernel.name, release: inputs.release, image: image(of: kernel),
            slowness: kernel.slowness ?? 1)
        if isCurrent(kernel, inputs) { return built }
        let lock = directory(of: kernel).appending(".lock")
        return try await FileLock.withLock(lock, progress: progress) {
            if isCurrent(kernel, inputs) { return built }
            try await progress.stage("kernel \(kernel.name): source tree") {
                try stamp(of: kernel).clear()
                try await KernelTree(
                    pristine: source, tree: directory(of: kernel).appending("tree")
                ).update(to: series)
            }
            return try await make(built, of: kernel, config, inputs)
        }
    }

    /// Builds a kernel from a tree as it is, unless that has not changed.
    private func build(
        _ kernel: Catalogue.Kernel, from tree: GivenTree, _ config: KernelConfig
    ) async throws -> BuiltKernel {
        let inputs = try await inputs(of: kernel, tree: tree, config: config)
        let built = BuiltKernel(
            name: kernel.name, release: inputs.release, image: image(of: kernel),
            slowness: kernel.slowness ?? 1)
        let lock = directory(of: kernel).appending(".lock")
        return try await FileLock.withLock(lock, progress: progress) {
            let copy = copy(of: tree, for: kernel)
            let changes = try await progress.stage("kernel \(kernel.name): changes in \(tree.path)") {
                try await copy.changes()
            }
            if changes.isEmpty, isCurrent(kernel, inputs) { return built }
            try stamp(of: kernel).clear()
            let isConfigured = isConfigured(kernel, inputs) && !changes.concernConfiguration
            if !isConfigured { try configuredStamp(of: kernel).clear() }
            if !changes.isEmpty {
                let count = changes.changed.count + changes.removed.count
                try await progress.stage("kernel \(kernel.name): copy of \(count) changed files") {
                    try await copy.apply(changes)
                }
            }
            return try await make(built, of: kernel, config, inputs, isConfigured: isConfigured)
        }
    }

    /// The record of what the configuration was made for, so that a change of a source file does not make it again.
    private func configuredStamp(of kernel: Catalogue.Kernel) -> Stamp<Inputs> {
        Stamp(directory(of: kernel).appending("configured.json"))
    }

    private func isConfigured(_ kernel: Catalogue.Kernel, _ inputs: Inputs) -> Bool {
        Files.exists(configuration(of: kernel)) && configuredStamp(of: kernel).isCurrent(for: inputs)
    }

    /// Makes a kernel of the tree that is there.
    private func make(
        _ built: BuiltKernel, of kernel: Catalogue.Kernel, _ config: KernelConfig, _ inputs: Inputs,
        isConfigured: Bool = false
    ) async throws -> BuiltKernel {
        if !isConfigured {
            try await progress.stage("kernel \(kernel.name): configuration") {
                try await configure(kernel, config)
            }
            if kernel.tree != nil {
                try configuredStamp(of: kernel).set(inputs)
            }
        }
        try await progress.stage("kernel \(kernel.name): build") {
            try await compile(kernel)
        }
        guard Files.exists(built.image) else {
            throw HarnessError("make succeeded but did not make \(built.image)")
        }
        try stamp(of: kernel).set(inputs)
        return built
    }

    private func isCurrent(_ kernel: Catalogue.Kernel, _ inputs: Inputs) -> Bool {
        Files.exists(image(of: kernel)) && stamp(of: kernel).isCurrent(for: inputs)
    }

    private func configure(_ kernel: Catalogue.Kernel, _ config: KernelConfig) async throws {
        let file = configuration(of: kernel)
        let log = directory(of: kernel).appending("config.log")
        try await make(kernel, ["tinyconfig"]).runLogged(to: log)
        var text = String(decoding: try Files.read(file), as: UTF8.self)
        // Of two settings of an option the later counts, as in merge_config.sh -m.
        text += config.requested.joined(separator: "\n") + "\n"
        try Files.write(Data(text.utf8), to: file)
        try await make(kernel, ["olddefconfig"]).runLogged(to: log, append: true)
        try config.verify(String(decoding: try Files.read(file), as: UTF8.self), of: kernel.name)
    }

    private func compile(_ kernel: Catalogue.Kernel) async throws {
        let log = directory(of: kernel).appending("build.log")
        var objects = 0
        let jobs = ProcessInfo.processInfo.activeProcessorCount
        try await make(kernel, ["-j\(jobs)", architecture(of: kernel).makeTarget]).runLogged(to: log) {
            line in
            if line.hasPrefix("  CC ") || line.hasPrefix("  AS ") { objects += 1 }
            progress.update("\(objects) objects compiled")
        }
    }

    /// make in the kernel's tree, with everything out of the build that would differ from tree to
    /// tree: what the compiler makes of a file for one kernel then serves the next.
    private func make(_ kernel: Catalogue.Kernel, _ arguments: [String]) throws -> Tool {
        let tree = directory(of: kernel).appending("tree")
        let architecture = architecture(of: kernel)
        let compiler = try compilers.compiler(for: architecture.triplet)
        return Tool(
            "make",
            compiler.arguments + ["LOCALVERSION=-\(kernel.name)"] + arguments,
            directory: tree,
            environment: compiler.environment.merging([
                "ARCH": architecture.kernelArchitecture,
                "CCACHE_DIR": repository.build.appending("ccache").string,
                "CCACHE_BASEDIR": tree.string, "CCACHE_NOHASHDIR": "1", "CCACHE_MAXSIZE": "3G",
                "KBUILD_BUILD_TIMESTAMP": "Thu Jan 1 00:00:00 UTC 1970",
                "KBUILD_BUILD_USER": "harness", "KBUILD_BUILD_HOST": "robust-futex",
                "LC_ALL": "C",
            ]) { first, _ in first })
    }

    private var compilers: CrossCompilers { CrossCompilers(repository: repository, progress: progress) }
}
