// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// `qemu/kernels.json`: every kernel the harness knows, and the source each is made from.
public struct Catalogue: Codable, Equatable, Sendable {
    /// A source that kernels are built from.
    public struct Base: Codable, Equatable, Sendable {
        public var name: String
        /// Debian packages of kernel source, as a shell pattern; the newest to which the series
        /// applies is taken.
        public var packages: String
        /// The Debian suite that has them, when it is not one of the machine's own.
        public var suite: String?
        /// The directory of the patch series for this base, relative to the checkout.
        public var series: String
        /// Names of config fragments in `qemu/config`, in order.
        public var config: [String]
    }

    /// A kernel: a base, with or without the series, with config fragments of its own.
    public struct Kernel: Codable, Equatable, Sendable {
        public var name: String
        /// Its purpose, in a few words.
        public var purpose = ""
        public var base: String
        public var patched: Bool
        /// Config fragments after those of the base; they may take back what those ask for.
        public var config: [String]
        /// Tells whether `./test` builds and boots it; false if absent, for each takes minutes to build.
        public var inTest: Bool?
        /// By what factor the limits of its guests are larger than those of a plain kernel, for what
        /// checks every access of memory is slow; 1 if absent.
        public var slowness: Int?
        /// Features that tests need besides the syscall and that this kernel is without: names of
        /// `Feature` in the package's checks.
        public var lacks: [String]?
        /// The architecture it is built for, by the name of its record; that of the host if absent.
        public var architecture: String?
        /// The tree that it is built from as it is, instead of its base's; in no catalogue.
        var tree: GivenTree?

        enum CodingKeys: String, CodingKey {
            case name, purpose, base, patched, config, inTest, slowness, lacks, architecture
        }

        /// `limit`, which is meant for a plain kernel, for this one.
        public func scaled(_ limit: Duration) -> Duration { limit * (slowness ?? 1) }

        /// A kernel with the configuration of this one, and of which the same is expected, built from `tree` as it is.
        public func built(from tree: GivenTree) -> Kernel {
            var kernel = self
            kernel.tree = tree
            kernel.name += "+\(tree.shortName)"
            return kernel
        }
    }

    public var bases: [Base]
    public var kernels: [Kernel]

    public init(contentsOf path: FilePath) throws {
        do {
            self = try JSONDecoder().decode(Catalogue.self, from: Files.read(path))
        } catch let error as DecodingError {
            throw HarnessError("\(path) is not a kernel catalogue: \(error)")
        }
        for kernel in kernels where !bases.contains(where: { $0.name == kernel.base }) {
            throw HarnessError("\(path): the kernel '\(kernel.name)' has an unknown base '\(kernel.base)'")
        }
        for kernel in kernels where kernel.architecture != nil {
            _ = try Architecture.named(kernel.architecture!)
        }
        for kernel in kernels {
            // Each of these kernels has the whole series, which must not lack what its patches bring.
            let lacked = (kernel.lacks ?? []).first { SeriesFeature(rawValue: $0) != nil }
            guard let feature = lacked else { continue }
            throw HarnessError(
                "\(path): the kernel '\(kernel.name)' cannot lack \(feature), which the series brings")
        }
    }

    public func kernel(named name: String) throws -> Kernel {
        if let kernel = kernels.first(where: { $0.name == name }) { return kernel }
        let known = kernels.map(\.name).joined(separator: ", ")
        throw HarnessError("unknown kernel '\(name)'; known: \(known)", status: .usage)
    }

    /// The kernels that `./test` builds and boots.
    public var testedKernels: [Kernel] { kernels.filter { $0.inTest ?? false } }

    /// The patched kernel whose base has the version of `tree`, or else that of the first base, built from `tree`.
    public func kernel(from tree: GivenTree) throws -> Kernel {
        let version = tree.version.split(separator: ".").prefix(2).joined(separator: ".")
        let base = bases.first { $0.name == version } ?? bases.first
        guard
            let kernel = kernels.first(where: {
                $0.patched && $0.base == base?.name && $0.architecture == nil
            })
        else {
            throw HarnessError(
                "the catalogue has no patched kernel to take the configuration of \(tree.path) from")
        }
        return kernel.built(from: tree)
    }

    /// The kernel without the series of a base, without options of its own.
    public func stockKernel(of base: String) throws -> Kernel {
        let stock = kernels.first {
            !$0.patched && $0.base == base && $0.config.isEmpty && $0.architecture == nil
        }
        guard let stock else { throw HarnessError("the base \(base) has no stock kernel in the catalogue") }
        return stock
    }

    public func base(named name: String) throws -> Base {
        if let base = bases.first(where: { $0.name == name }) { return base }
        let known = bases.map(\.name).joined(separator: ", ")
        throw HarnessError("unknown base '\(name)'; known: \(known)", status: .usage)
    }

    public func base(of kernel: Kernel) throws -> Base {
        try base(named: kernel.base)
    }
}
