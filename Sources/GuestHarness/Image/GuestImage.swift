// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import SystemPackage

/// The files a guest boots from, as an initial RAM file system.
///
/// None is compressed: unpacking is what takes the time under emulation.
public enum GuestImage: String, Sendable, CaseIterable {
    /// Init and a shell: for commands, which find the host's files over 9p.
    case command
    /// The same, and the static command, which measures: no file comes from outside the guest then.
    case bench
    /// The same, and the victims of the command's race with their libraries; where Swift does not run, a program in C
    /// instead of the command. This one and `command` are there for every architecture.
    case race
    /// The same, and the test bundle with all its libraries: four times as large, and slower to boot.
    case suite
}

/// Makes the images out of what SwiftPM built.
public struct ImageBuilder: Sendable {
    let repository: Repository
    let progress: Progress

    public init(repository: Repository, progress: Progress) {
        self.repository = repository
        self.progress = progress
    }

    /// The names that busybox is called by: what scripts of the kernel's selftests need, and who looks around. A guest whose root is
    /// the host's has the host's instead. timeout is none of them: the selftests' runner expects another one than busybox's.
    private static let applets = """
        [ awk basename cat chmod cp cut date dd df dirname dmesg echo env expr false find free grep head hostname id kill ln \
        ls mkdir mktemp mount mv nproc od printf ps pwd readlink realpath rm rmdir sed seq sh sleep sort stat tail tee test \
        top touch tr true umount uname uniq vi wc which xargs
        """.split(separator: " ").map(String.init)

    /// One file of an image.
    private struct Item {
        var path: String
        var source: FilePath
        /// Swift's debug information is most of a file's size, and memory of the guest.
        var strip = false
    }

    private func directory(_ architecture: Architecture) -> FilePath {
        repository.images.appending(architecture.name)
    }

    /// The path of an image, whether it exists yet or not.
    func path(of image: GuestImage, for architecture: Architecture) -> FilePath {
        directory(architecture).appending("\(image.rawValue).cpio")
    }

    /// The path of an image, which is rewritten if anything in it has changed.
    ///
    /// - Throws: also where an image other than `command` is asked for an architecture that runs no Swift.
    public func image(
        _ image: GuestImage, for architecture: Architecture, products: SwiftProducts
    ) async throws -> FilePath {
        guard image == .command || image == .race || architecture.runsSwift else {
            throw HarnessError(
                "the \(image.rawValue) is Swift, which guests of \(architecture.name) cannot run; they run commands, ./qemu/selftests, and ./qemu/architectures",
                status: .usage)
        }
        let target = path(of: image, for: architecture)
        let lock = directory(architecture).appending(".lock")
        return try await FileLock.withLock(lock, progress: progress) {
            let items = try await items(of: image, for: architecture, products: products)
            let manifest = try manifest(of: items)
            let stamp = Stamp<[String]>(
                target.removingLastComponent().appending("\(image.rawValue).manifest"))
            if Files.exists(target), stamp.isCurrent(for: manifest) { return target }
            try await progress.stage("image \(image.rawValue) for \(architecture.name)") {
                try stamp.clear()
                try await write(items, to: target)
                try stamp.set(manifest)
            }
            return target
        }
    }

    private func items(
        of image: GuestImage, for architecture: Architecture, products: SwiftProducts
    ) async throws -> [Item] {
        let programs = GuestPrograms(repository: repository, architecture: architecture, progress: progress)
        var items = [
            Item(path: "init", source: try await programs.guestInit()),
            Item(path: "bin/busybox", source: try await programs.busybox()),
        ]
        if image == .command { return items }
        guard architecture.runsSwift else { return try await items + self.race(programs) }
        items.append(
            Item(
                path: String(GuestPath.robustListCheck.dropFirst()), source: products.robustListCheck,
                strip: true))
        if image == .suite {
            items.append(
                Item(
                    path: String(GuestPath.testBundle.dropFirst()), source: products.testBundle, strip: true))
            for library in try await SharedLibraries.needed(by: products.testBundle) {
                items.append(Item(path: String(library.string.dropFirst()), source: library, strip: true))
            }
        }
        if image == .suite || image == .bench {
            items.append(Item(path: String(GuestPath.ext4Image.dropFirst()), source: try await ext4Image()))
        }
        if image == .bench { return items }
        let victims = RaceVictims(robustListCheck: products.robustListCheck, progress: progress)
        for file in try await victims.files() where !items.contains(where: { $0.path == file.path }) {
            // Unmodified: they are what is looked at.
            items.append(Item(path: file.path, source: file.source))
        }
        return items
    }

    /// The program that holds unlocks where Swift does not run, and the victims, where it looks for them.
    private func race(_ programs: GuestPrograms) async throws -> [Item] {
        let victims = "usr/bin/\(RaceVictims.directoryName)"
        return [
            Item(path: String(GuestPath.race.dropFirst()), source: try await programs.race()),
            Item(path: "\(victims)/glibc64", source: try await programs.victimOfGlibc()),
            Item(path: "\(victims)/musl", source: try await programs.victimOfMusl()),
        ]
    }

    /// Random worlds make up to three files each, several worlds at a time; eleven are the file system's own.
    private static let inodesOfExt4 = 64

    /// The file system that checks and worlds put locks on, made once: the smallest that mkfs makes, without a journal.
    func ext4Image() async throws -> FilePath {
        let path = repository.images.appending("ext4-\(Self.inodesOfExt4)-inodes.img")
        if Files.exists(path) { return path }
        let partial = repository.images.appending("ext4.img.partial")
        try Files.makeDirectory(repository.images)
        try Files.remove(partial)
        _ = try await Tool(
            "/usr/sbin/mkfs.ext4",
            ["-q", "-F", "-O", "^has_journal", "-m", "0", "-N", "\(Self.inodesOfExt4)", partial.string, "1M"]
        ).output()
        try Files.rename(partial, to: path)
        return path
    }

    /// Each file's place, size and time, which tell whether an image is current.
    private func manifest(of items: [Item]) throws -> [String] {
        // An image also has busybox's names.
        try [Self.applets.joined(separator: " ")]
            + items.map { item in
                let attributes = try FileManager.default.attributesOfItem(atPath: item.source.string)
                let time = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
                return "\(item.path) \(item.source) \(attributes[.size] ?? 0) \(time) \(item.strip)"
            }
    }

    private func write(_ items: [Item], to target: FilePath) async throws {
        var archive = CpioArchive()
        archive.addConsole()
        // In the directory that is locked.
        let stripped = target.removingLastComponent().appending("stripped")
        for item in items {
            var contents = try Files.read(item.source)
            if item.strip {
                _ = try await Tool("strip", ["--strip-debug", "-o", stripped.string, item.source.string])
                    .output()
                contents = try Files.read(stripped)
            }
            archive.addFile(item.path, contents: contents, executable: true)
        }
        try Files.remove(stripped)
        for applet in Self.applets {
            archive.addLink("bin/\(applet)", to: "busybox")
        }
        archive.finish()
        try Files.write(Data(archive.bytes), to: target)
    }
}
