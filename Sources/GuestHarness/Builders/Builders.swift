// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import SystemPackage

/// The builders of everything that a guest needs, which use one another in the right order.
public struct Builders: Sendable {
    public let repository: Repository
    public let catalogue: Catalogue
    /// That of the host, and of kernels for which the catalogue names no other.
    public let architecture: Architecture
    public let progress: Progress
    /// The change to the series that its kernels are built with.
    var seriesChange = PatchSeries.Change()

    /// The builders of the checkout that holds the running program.
    public init(progress: Progress = Progress()) throws {
        let program = FilePath(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        try self.init(repository: Repository.containing(program.removingLastComponent()), progress: progress)
    }

    public init(repository: Repository, progress: Progress) throws {
        self.repository = repository
        self.progress = progress
        catalogue = try Catalogue(contentsOf: repository.catalogue)
        architecture = try Architecture.ofHost()
    }

    public var kernels: KernelBuilder {
        KernelBuilder(
            repository: repository, catalogue: catalogue, architecture: architecture, progress: progress,
            seriesChange: seriesChange)
    }

    public var swift: SwiftBuilder { SwiftBuilder(repository: repository, progress: progress) }

    /// Options of the guest that a user asked for.
    public struct GuestOptions: Sendable {
        /// nil: KVM if it works here, else TCG.
        public var accelerator: Accelerator?
        public var machine: MachineOptions
        /// nil: the kernel's own.
        public var bootLimit: Duration?
        public var commandLimit: Duration?

        public init(
            accelerator: Accelerator? = nil, machine: MachineOptions = MachineOptions(),
            bootLimit: Duration? = nil, commandLimit: Duration? = nil
        ) {
            self.accelerator = accelerator
            self.machine = machine
            self.bootLimit = bootLimit
            self.commandLimit = commandLimit
        }
    }

    /// Builds what `image` and `kernel` need and is not current.
    public func guest(
        kernel: Catalogue.Kernel, image: GuestImage, options: GuestOptions
    ) async throws -> Guest {
        // At once, for each leaves processors idle at times: make where it links, SwiftPM where it plans.
        async let file = make(image, for: kernels.architecture(of: kernel))
        let built = try await kernels.build(kernel)
        return try await guest(built, of: kernel, image: file, options: options)
    }

    /// A guest of what is there.
    ///
    /// - Parameter kernel: of the catalogue; nil for one that was built elsewhere.
    public func guest(
        _ built: BuiltKernel, of kernel: Catalogue.Kernel?, image file: FilePath, options: GuestOptions
    ) async throws -> Guest {
        var accelerator = options.accelerator
        let architecture = kernel.map { kernels.architecture(of: $0) } ?? self.architecture
        if accelerator == nil, architecture != self.architecture {
            accelerator = .tcg
        }
        if accelerator == nil {
            let finding = try await accelerators.choose(
                architecture: architecture, kernel: built, image: file)
            progress.note(
                "\(built.release) with \(finding.accelerator.rawValue.uppercased()): \(finding.reason)")
            accelerator = finding.accelerator
        }
        return guest(kernel, built, accelerator: accelerator!, image: file, options)
    }

    /// The root directory of commands in a kernel's guests: the host's, where they can run what is there.
    public func root(of kernel: Catalogue.Kernel) -> GuestRequest.Root {
        root(of: kernels.architecture(of: kernel))
    }

    func root(of architecture: Architecture) -> GuestRequest.Root {
        architecture == self.architecture ? .host : .imageWithHost
    }

    /// Makes an image, and builds what goes into it, unless it is current.
    func make(_ image: GuestImage, for architecture: Architecture) async throws -> FilePath {
        if architecture.runsSwift {
            if image != .command { try await swift.buildStatic() }
            if image == .suite { try await swift.buildTests() }
        }
        return try await images.image(image, for: architecture, products: swift.products)
    }

    /// The guest that `guest(kernel:image:options:)` would make, without making anything.
    public func plannedGuest(
        kernel: Catalogue.Kernel, image: GuestImage, options: GuestOptions
    ) async -> Guest {
        guest(
            kernel, await kernels.planned(kernel),
            accelerator: options.accelerator ?? accelerators.known ?? .tcg,
            image: plannedImage(image, for: kernels.architecture(of: kernel)), options)
    }

    private func guest(
        _ kernel: Catalogue.Kernel?, _ built: BuiltKernel, accelerator: Accelerator, image: FilePath,
        _ options: GuestOptions
    ) -> Guest {
        func scaled(_ limit: Duration) -> Duration { kernel?.scaled(limit) ?? limit }
        return Guest(
            architecture: kernel.map { kernels.architecture(of: $0) } ?? architecture,
            accelerator: accelerator,
            options: options.machine, kernel: built,
            image: image, bootLimit: options.bootLimit ?? scaled(Guest.bootLimit(accelerator)),
            commandLimit: options.commandLimit ?? scaled(Guest.commandLimit))
    }

    /// The path of an image, whether it exists yet or not.
    func plannedImage(_ image: GuestImage, for architecture: Architecture) -> FilePath {
        images.path(of: image, for: architecture)
    }

    /// The version of the source that a kernel would be built from, if that is here already.
    func sourceVersion(of kernel: Catalogue.Kernel) throws -> String? {
        try SourceStore(repository: repository, progress: progress).present(catalogue.base(of: kernel))?
            .version()
    }

    var images: ImageBuilder { ImageBuilder(repository: repository, progress: progress) }
    private var accelerators: AcceleratorProbe {
        AcceleratorProbe(repository: repository, progress: progress)
    }
}
