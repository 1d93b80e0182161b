// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct SourceTests {
    private let targets = """
        MetaKey: main/binary-amd64/Packages
        Component: main
        Release: bookworm-security
        Repo-URI: http://mirror.example/security/

        MetaKey: main/binary-amd64/Packages
        Component: main
        Release: bookworm
        Repo-URI: http://mirror.example/debian/
        Signed-By: /usr/share/keyrings/example.gpg

        """

    @Test func suiteComesFromTheArchiveOfTheMachinesRelease() throws {
        #expect(
            try PrivateApt.sourceLine(for: "trixie-backports", from: targets, release: "bookworm")
                == "deb [signed-by=/usr/share/keyrings/example.gpg] http://mirror.example/debian/ trixie-backports main"
        )
        #expect(
            try PrivateApt.sourceLine(for: "s", from: targets, release: "bookworm-security")
                == "deb http://mirror.example/security/ s main")
    }

    @Test func machineWithoutSuchAnArchiveIsToldSo() {
        #expect(throws: HarnessError.self) {
            try PrivateApt.sourceLine(for: "s", from: targets, release: "sid")
        }
    }

    @Test func onlyPlainSourcePackagesMatch() {
        #expect(PrivateApt.isSource("linux-source-7.3", pattern: "linux-source-7.*"))
        #expect(!PrivateApt.isSource("linux-source-7.3-rt", pattern: "linux-source-7.*"))
        #expect(!PrivateApt.isSource("linux-source-7.", pattern: "linux-source-7.*"))
        #expect(PrivateApt.isSource("linux-source-6.12", pattern: "linux-source-6.12"))
    }

    /// A package like Debian's, with a small tree in it.
    private func makePackage(in root: FilePath, payload: Int = 10) async throws -> FilePath {
        let tree = root.appending("linux-source-1")
        try write(
            "VERSION = 1\nPATCHLEVEL = 2\nSUBLEVEL = 3\nEXTRAVERSION =\n", to: tree.appending("Makefile"))
        try write("", to: tree.appending("Kconfig"))
        try write("", to: tree.appending("kernel/futex/core.c"))
        // Random, so that no compression makes the package small again.
        try Files.write(Data((0..<payload).map { _ in UInt8.random(in: 0...255) }), to: tree.appending("big"))
        let package = root.appending("package")
        let tarball = package.appending("usr/src/linux-source-1.tar.xz")
        try Files.makeDirectory(tarball.removingLastComponent())
        _ = try await Tool("tar", ["-C", root.string, "-cJf", tarball.string, "linux-source-1"]).output()
        try write(
            "Package: linux-source-1\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example>\nDescription: x\n",
            to: package.appending("DEBIAN/control"))
        let archive = root.appending("linux-source-1_1_all.deb")
        _ = try await Tool("dpkg-deb", ["-b", package.string, archive.string]).output()
        return archive
    }

    @Test func packageIsUnpackedWhole() async throws {
        try await withTemporaryDirectory { root in
            let target = root.appending("sources/x")
            try await SourcePackage(archive: makePackage(in: root)).unpack(to: target)
            #expect(try KernelSource(identity: "x", tree: target).version() == "1.2.3")
            #expect(Files.list(root.appending("sources")) == ["x"])
        }
    }

    @Test func damagedPackageIsNamedAndRemovedAndTheNextRunGoesOn() async throws {
        try await withTemporaryDirectory { root in
            let archive = try await makePackage(in: root, payload: 100_000)
            let good = try Files.read(archive)
            try Files.write(good.prefix(good.count / 2), to: archive)
            let target = root.appending("sources/x")
            let error = await #expect(throws: HarnessError.self) {
                try await SourcePackage(archive: archive).unpack(to: target)
            }
            #expect(try #require(error).description.contains(archive.string))
            #expect(!Files.exists(target))
            #expect(!Files.exists(archive))
            try Files.write(good, to: archive)
            try await SourcePackage(archive: archive).unpack(to: target)
            #expect(Files.exists(target.appending("kernel/futex/core.c")))
        }
    }

    @Test(.enabled(if: geteuid() == 0, "mounting a small file system takes root"))
    func fullDiskIsNamedAndTheNextRunGoesOn() async throws {
        try await withTemporaryDirectory { root in
            let archive = try await makePackage(in: root, payload: 600_000)
            let small = root.appending("small")
            try Files.makeDirectory(small)
            _ = try await Tool("mount", ["-t", "tmpfs", "-o", "size=1M", "tmpfs", small.string]).output()
            let target = small.appending("x")
            let error = await #expect(throws: HarnessError.self) {
                try await SourcePackage(archive: archive).unpack(to: target)
            }
            let stamp = #expect(throws: HarnessError.self) {
                try Files.write(Data(count: 2 << 20), to: small.appending("stamp"))
            }
            #expect(!Files.exists(target))
            #expect(!Files.exists(small.appending("stamp")))
            _ = try await Tool("mount", ["-o", "remount,size=8M", small.string]).output()
            try await SourcePackage(archive: archive).unpack(to: target)
            #expect(Files.exists(target.appending("big")))
            _ = try await Tool("umount", [small.string]).output()
            #expect(try #require(error).description.contains("No space left on device"))
            #expect(try #require(stamp).description.contains("No space left on device"))
        }
    }
}
