// SPDX-License-Identifier: MIT

import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage

/// A program of a few instructions, as an ELF file in memory that can be executed.
package enum Program {
    /// 32 bits: carries out system calls as a ``PeerTask`` does.
    case compat
    /// 64 bits: waits until it is killed.
    case native

    private var code: [UInt8] {
        let program = self == .compat ? ctp_program_32() : ctp_program_64()
        return Array(UnsafeRawBufferPointer(start: program.code, count: Int(program.length)))
    }

    /// A memfd with the program.
    package func file() throws -> MemoryFile {
        let bytes = header + code
        let file = try MemoryFile(name: "robust-futex-program", length: bytes.count)
        _ = try file.descriptor.writeAll(toAbsoluteOffset: 0, bytes)
        return file
    }

    /// The address at which the whole file is mapped.
    private static let base = 0x0804_8000

    /// One segment, code behind the headers.
    private var header: [UInt8] {
        self == .compat
            ? Self.bytes(
                Elf32_Ehdr(
                    e_ident: Self.identification(ELFCLASS32), e_type: 2, e_machine: UInt16(EM_386),
                    e_version: 1,
                    e_entry: UInt32(Self.base + 84), e_phoff: 52, e_shoff: 0, e_flags: 0, e_ehsize: 52,
                    e_phentsize: 32, e_phnum: 1, e_shentsize: 0, e_shnum: 0, e_shstrndx: 0))
                + Self.bytes(
                    Elf32_Phdr(
                        p_type: UInt32(PT_LOAD), p_offset: 0, p_vaddr: UInt32(Self.base),
                        p_paddr: UInt32(Self.base), p_filesz: UInt32(84 + code.count),
                        p_memsz: UInt32(84 + code.count), p_flags: 5, p_align: 4096))
            : Self.bytes(
                Elf64_Ehdr(
                    e_ident: Self.identification(ELFCLASS64), e_type: 2, e_machine: UInt16(EM_X86_64),
                    e_version: 1, e_entry: UInt64(Self.base + 120), e_phoff: 64, e_shoff: 0, e_flags: 0,
                    e_ehsize: 64, e_phentsize: 56, e_phnum: 1, e_shentsize: 0, e_shnum: 0, e_shstrndx: 0))
                + Self.bytes(
                    Elf64_Phdr(
                        p_type: UInt32(PT_LOAD), p_flags: 5, p_offset: 0, p_vaddr: UInt64(Self.base),
                        p_paddr: UInt64(Self.base), p_filesz: UInt64(120 + code.count),
                        p_memsz: UInt64(120 + code.count), p_align: 4096))
    }

    private static func identification(_ fileClass: Int32) -> (
        UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8,
        UInt8,
        UInt8
    ) {
        (0x7f, 0x45, 0x4c, 0x46, UInt8(fileClass), UInt8(ELFDATA2LSB), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    }

    private static func bytes<Header>(_ header: Header) -> [UInt8] {
        withUnsafeBytes(of: header) { Array($0) }
    }
}
