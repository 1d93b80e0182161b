// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

struct MailTests {
    private static let good = """
        From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
        From: A Person
         <a@example.org>
        Date: Mon, 23 Nov 2026 23:26:06 +0000
        Subject: [PATCH 2/3] futex: Do what was not done, in a sentence that is
         folded

        Nothing was done.

        Signed-off-by: A Person <a@example.org>
        ---
         kernel/a.c | 1 +

        diff --git a/kernel/a.c b/kernel/a.c
        new file mode 100644
        --- /dev/null
        +++ b/kernel/a.c
        @@ -0,0 +1 @@
        +int a;
        diff --git a/tools/b.c b/tools/b.c
        --- a/tools/b.c
        +++ b/tools/b.c
        @@ -1 +1,2 @@
         teh old line
        +a new line
        """

    private func mail(_ change: (String) -> String = { $0 }) -> Mail {
        Mail(file: "0002-a.patch", text: change(Self.good))
    }

    @Test func readsHeaderMessageAndFiles() {
        let mail = mail()
        #expect(mail.header["from"] == "A Person <a@example.org>")
        #expect(mail.summary == "futex: Do what was not done, in a sentence that is folded")
        #expect(mail.files == ["kernel/a.c", "tools/b.c"])
        #expect(mail.created == ["kernel/a.c"])
        #expect(mail.kernelSources == ["kernel/a.c"])
        #expect(mail.problems(place: (2, 3)).isEmpty)
        #expect(mail.problems(place: nil).isEmpty)
    }

    @Test func whatThePatchBringsIsItsMessageAndAddedLines() {
        let text = mail().newText
        #expect(text.contains("Nothing was done."))
        #expect(text.contains("int a;"))
        #expect(text.firstIndex(of: "a new line") == mail().lines.firstIndex(of: "+a new line"))
        #expect(!text.contains { $0.contains("teh old line") || $0.contains("/dev/null") })
    }

    @Test(arguments: [
        ("Signed-off-by: A", "Reviewed-by: A", "no Signed-off-by"),
        ("Signed-off-by: A Person <a@", "Signed-off-by: A Person <b@", "of the author"),
        ("[PATCH 2/3] futex: ", "[PATCH 2/3] ", "names no subsystem"),
        ("that is\n", "that is very very very long\n", "characters, 74 are the most"),
        (" folded\n", " folded.\n", "full stop"),
        ("[PATCH 2/3]", "[PATCH 2/4]", "not numbered [PATCH 2/3]"),
        ("Nothing was done.\n", "", "no description"),
        ("Date: ", "Dated: ", "no Date"),
    ])
    func saysWhatIsWrongWithTheForm(old: String, new: String, problem: String) {
        let problems = mail { $0.replacing(old, with: new) }.problems(place: (2, 3))
        #expect(problems.count == 1)
        #expect(problems.first?.contains(problem) == true, "\(problems)")
    }

    @Test func coverLetterNeedsATextAndOneSender() {
        func letter(_ from: String, _ subject: String, _ text: String) -> [String] {
            Mail(file: "0000-c.patch", text: "From: \(from)\nSubject: \(subject)\n\n\(text)\n")
                .coverProblems(count: 3)
        }
        #expect(letter("A <a@b.example>", "[PATCH v2 0/3] futex: Text", "Text").isEmpty)
        #expect(letter("A <a@b.example>\n <a@b.example>", "[PATCH 0/3] futex: Text", "Text").count == 1)
        #expect(letter("A <a@b.example>", "[PATCH 0/4] futex: Text", "Text").count == 1)
        #expect(letter("A <a@b.example>", "[PATCH 0/3] futex: Text", "*** BLURB HERE ***").count == 1)
    }

    @Test func maintainersNeedsASectionOfItsOwn() {
        #expect(TextLints.names(aSectionIn: "FUTEX SUBSYSTEM\nM:\tA\n\nTHE REST\nM:\tB\n"))
        #expect(!TextLints.names(aSectionIn: "THE REST\nM:\tB\n"))
        #expect(!TextLints.names(aSectionIn: ""))
    }

    @Test func onlyNewFindingsOfADocumentCount() {
        let old = ["a.rst:3: (WARNING/2) one", "a.rst:4: (WARNING/2) two"]
        #expect(TextLints.new(["a.rst:9: (WARNING/2) one"], since: old).isEmpty)
        #expect(
            TextLints.new(["a.rst:9: (WARNING/2) three", "a.rst:9: (WARNING/2) two"], since: old)
                == ["a.rst:9: (WARNING/2) three"])
    }
}
