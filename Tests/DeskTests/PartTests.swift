import Colorization
import Files
import Foundation
import Service
import Spool
import TestSupport
import Testing

@testable import Desk

@Suite struct PartTests {
    @Test func theScanSeesWhatTheOutboxHolds() throws {
        let folder = try TemporaryFolder()
        let folders = TestDesk.Folders(folder: folder)
        try folder.makeFolder("outbox")
        let index = ResultIndex()
        let scan = OutboxScan(publisher: try Publisher(outbox: folder.file("outbox"), reserveBytes: 0), index: index)
        _ = scan.update(isThorough: true)
        #expect(index.count == 0 && index.isComplete)
        var generator = SeededGenerator(7)
        var truth: Set<String> = []
        for step in 0..<120 {
            if !truth.isEmpty, Int.random(in: 0..<3, using: &generator) == 0 {
                let path = truth.sorted().randomElement(using: &generator)!
                // A result may hold the folder of others.
                truth = truth.filter { $0 != path && !$0.hasPrefix(path + "/") }
                try FileManager.default.removeItem(atPath: folder.file("outbox/" + path))
            } else {
                let depth = Int.random(in: 1...3, using: &generator)
                let path = (0..<depth).map { _ in "n\(Int.random(in: 0..<4, using: &generator))" }.joined(
                    separator: "/")
                try folders.result(path, variants: 1)
                truth.insert(path)
            }
            _ = scan.update(isThorough: step % 10 == 9)
            if step % 10 == 9 {
                #expect(Set(index.entries.map { $0.path.description }) == truth, "step \(step)")
                var counts: [RelativePath: Int] = [.root: 0]
                for entry in index.entries {
                    counts[entry.folder, default: 0] += 1
                    var folder = entry.folder
                    while !folder.isRoot {
                        folder = folder.parent
                        counts[folder, default: 0] += 0
                    }
                }
                #expect(index.folders.mapValues(\.results) == counts, "step \(step)")
            }
        }
    }

    @Test func theBookOfFoldersKnowsThoseThereAre() throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("inbox")
        let (inbox, index) = (try Folder(folder.file("inbox")), ResultIndex())
        let book = FolderBook(inbox: inbox, index: index)
        var generator = SeededGenerator(11)
        for step in 0..<60 {
            let depth = Int.random(in: 1...3, using: &generator)
            let path = (0..<depth).map { _ in "n\(Int.random(in: 0..<3, using: &generator))" }.joined(separator: "/")
            if step % 4 == 3 {
                try? FileManager.default.removeItem(atPath: folder.file("inbox/" + path))
            } else {
                try folder.write("", "inbox/\(path)/.hidden/file")
            }
            var truth: [RelativePath] = []
            try inbox.forEachFolder(unreadable: { _ in }) { path, _, folders in
                truth.append(path)
                return folders
            }
            #expect(try book.inboxFolders() == truth, "step \(step)")
            for path in truth { #expect(try book.path(DeskID(.folder, path)) == path) }
            if step % 4 == 3, !folder.exists("inbox/" + path) {
                #expect(try book.path(DeskID(.folder, RelativePath(path)!)) == nil)
            }
        }
        #expect(try book.path(DeskID(.folder, RelativePath("n0/.hidden")!)) == nil)
    }

    @Test func aFolderThatChangesTwiceWithinOneTickIsListedAgain() throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("inbox")
        let book = FolderBook(inbox: try Folder(folder.file("inbox")), index: ResultIndex())
        let tick = Date()
        for name in ["a", "b", "c"] {
            try folder.makeFolder("inbox/" + name)
            // As a clock of the file system does that stands still for so long.
            try FileManager.default.setAttributes([.modificationDate: tick], ofItemAtPath: folder.file("inbox"))
            #expect(try book.inboxFolders().contains(RelativePath(name)!))
        }
    }

    @Test(arguments: ["mode", "0-0", "18446744073709551615-7"]) func drawsAreWrittenAndRead(_ text: String) {
        #expect(Draw(text: text)?.text == text)
    }

    @Test(arguments: ["", "Mode", "1", "1-", "-1", "01-1", "1-01", "1-1-1", "18446744073709551616-0", "1--1", "+1-1"])
    func whatIsNoDrawIsNone(_ text: String) {
        #expect(Draw(text: text) == nil)
    }

    @Test func photographsCalledChosenAreNoChoices() {
        func document(_ names: [String], _ path: String) -> String? {
            ResultFiles.document(among: names.map { Array($0.utf8) }, of: RelativePath(path)!).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        #expect(document(["chosen.json", "01.jpg", "a.json"], "a") == "a.json")
        #expect(document(["chosen.json", "chosen.choice.json"], "chosen") == "chosen.json")
        #expect(document(["chosen.json", "chosen-one.json"], "x/chosen-one") == "chosen-one.json")
        #expect(document(["a.json"], "a-12345678") == "a.json")
        #expect(document(["01.jpg", "b.json"], "a") == nil)
    }

    @Test func secretsAreToldFromOthers() {
        let secrets = Secrets(token: "the token of the test")
        let session = secrets.session()
        #expect(secrets.isToken("the token of the test") && !secrets.isToken("the token of the tesT"))
        #expect(secrets.isSession(session) && !secrets.isSession(session + "0") && !secrets.isSession(""))
        #expect(!secrets.isSession(session, now: Date(timeIntervalSinceNow: Double(Secrets.sessionSeconds) + 10)))
        #expect(!Secrets(token: "another token of it").isSession(session))
        let parts = session.split(separator: ".")
        #expect(!secrets.isSession("\(parts[0]).\(Int(parts[1])! + 1).\(parts[2])"))
        #expect(secrets.isWriteToken(secrets.writeToken(session: session), session: session))
        #expect(!secrets.isWriteToken(secrets.writeToken(session: session), session: secrets.session()))
    }

    @Test func placesAreReadFromTheCommandLine() throws {
        #expect(try DeskOptions.place("127.0.0.1:80") == .address(host: "127.0.0.1", port: 80))
        #expect(try DeskOptions.place("[::1]:0") == .address(host: "::1", port: 0))
        for wrong in ["", "127.0.0.1", "127.0.0.1:", ":80", "127.0.0.1:70000", "127.0.0.1:x", "[::1"] {
            #expect(throws: DeskStartError.self, "\(wrong)") { try DeskOptions.place(wrong) }
        }
    }

    @Test(arguments: ["0.0.0.0", "::", "192.0.2.1"]) func othersComeInWithATokenOnly(_ host: String) {
        var options = DeskOptions()
        options.place = .address(host: host, port: 0)
        #expect(throws: DeskStartError.tokenNeeded(host)) { try ListeningDoor.open(options, hasToken: false) }
    }

    @Test func tokensThatOthersCanReadAreRefused() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("a token of many letters".replacingOccurrences(of: " ", with: "-"), "token")
        chmod(file, 0o644)
        #expect(throws: DeskStartError.self) { try Secrets.token(file) }
        chmod(file, 0o600)
        #expect(try Secrets.token(file) == "a-token-of-many-letters")
        for wrong in ["", "short", "with a space in the middle"] {
            try folder.write(wrong, "token")
            chmod(file, 0o600)
            #expect(throws: DeskStartError.self, "\(wrong)") { try Secrets.token(file) }
        }
        #expect(throws: DeskStartError.self) { try Secrets.token(folder.file("none")) }
    }

    @Test func aUnixSocketIsOpenedAndAnotherFileIsNotTouched() throws {
        let folder = try TemporaryFolder()
        var options = DeskOptions()
        options.place = .socket(folder.file("desk.sock"))
        let door = try #require(ListeningDoor.open(options, hasToken: false).first)
        #expect(throws: DeskStartError.self, "it is in use") { try ListeningDoor.open(options, hasToken: false) }
        Foundation.close(door.takeDescriptor())
        // What a killed process leaves is in nobody's way.
        let again = try #require(ListeningDoor.open(options, hasToken: false).first)
        Foundation.close(again.takeDescriptor())
        again.close()
        #expect(!folder.exists("desk.sock"))
        try folder.write("mine", "file")
        options.place = .socket(folder.file("file"))
        #expect(throws: DeskStartError.self) { try ListeningDoor.open(options, hasToken: false) }
        #expect(folder.read("file") == Data("mine".utf8))
    }

    @Test func textStandsForItselfInAPage() {
        let name = "<script>\"'&"
        #expect(
            ("<b title=\"\(name)\">\(name)</b>" as HTML).text
                == "<b title=\"&lt;script&gt;&quot;&#39;&amp;\">&lt;script&gt;&quot;&#39;&amp;</b>")
    }

    @Test func everyAnswerIsInTheDocument() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Desk/Page/openapi.json")
        let document = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        let id = String(repeating: "0", count: 32)
        let values = ["{id}": id, "{preview}": id, "{image}": "1", "{number}": "1"]
        for (path, methods) in try #require(document["paths"] as? [String: [String: Any]]) {
            let real = values.reduce(path) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
            let parts = real.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            let endpoint = try #require(Endpoint(parts), "\(path)")
            #expect(Set(endpoint.methods.map { $0.rawValue.lowercased() }) == Set(methods.keys), "\(path)")
        }
    }
}
