// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct ImageTests {
    @Test func archiveIsReadByAnotherCpio() async throws {
        try await withTemporaryDirectory { root in
            var archive = CpioArchive()
            archive.addConsole()
            archive.addFile("usr/bin/odd", contents: Array("12345".utf8), executable: true)
            archive.addFile("usr/bin/empty", contents: [], executable: false)
            archive.addLink("bin/sh", to: "busybox")
            archive.finish()
            try Files.write(Data(archive.bytes), to: root.appending("a.cpio"))
            let script = "busybox cpio -idm < a.cpio 2>/dev/null; busybox cpio -t < a.cpio 2>/dev/null"
            let names = try await Tool("sh", ["-c", script], directory: root).output()
            #expect(
                names.split(separator: "\n") == [
                    "dev", "dev/console", "usr", "usr/bin", "usr/bin/odd", "usr/bin/empty", "bin", "bin/sh",
                ])
            #expect(try text(of: root.appending("usr/bin/odd")) == "12345")
            #expect(access(root.appending("usr/bin/odd").string, X_OK) == 0)
            let link = try FileManager.default.destinationOfSymbolicLink(
                atPath: root.appending("bin/sh").string)
            #expect(link == "busybox")
        }
    }

    @Test func librariesAreReadFromLdd() throws {
        let text = """
            \tlinux-vdso.so.1 (0x00007ffc)
            \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f12)
            \t/lib64/ld-linux-x86-64.so.2 (0x00007f34)
            """
        #expect(
            try SharedLibraries.parse(text, of: "x") == [
                "/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2",
            ])
    }

    @Test func missingLibraryIsNamed() {
        let error = #expect(throws: HarnessError.self) {
            try SharedLibraries.parse("\tlibnone.so.1 => not found\n", of: "/x/program")
        }
        #expect(error?.description.contains("libnone.so.1") == true)
        #expect(error?.description.contains("/x/program") == true)
    }

    /// With five, two worlds of three files each could not be there at once.
    @Test func fileSystemHasRoomForTheFilesOfManyWorlds() async throws {
        try await withTemporaryDirectory { root in
            let image = try await ImageBuilder(repository: Repository(root: root), progress: Progress())
                .ext4Image()
            let bytes = try Files.read(image)
            // s_free_inodes_count, in the superblock.
            let free = (0..<4).reduce(0) { $0 | Int(bytes[1024 + 0x10 + $1]) << (8 * $1) }
            #expect(free >= 3 * 16)
        }
    }
}
