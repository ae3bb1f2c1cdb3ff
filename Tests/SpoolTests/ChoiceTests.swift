import Digest
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Files
@testable import Spool

/// A variant of a made-up result: its content and its draw, nil for the mode.
private struct Drawn {
    var content: String
    var sample: Int?
}

extension Publisher {
    /// Puts a result of made-up variants together.
    fileprivate func stage(_ source: RelativePath, _ identity: WorkIdentity, _ variants: [Drawn]) throws -> Staging {
        let staging = try stage()
        var entries: [[String: Any]] = []
        for (index, variant) in variants.enumerated() {
            let file = "0\(index + 1).jpg"
            try staging.write(Data(variant.content.utf8), as: file)
            var entry: [String: Any] = ["file": file, "sha256": ContentHash(of: Array(variant.content.utf8)).hex]
            if let sample = variant.sample { (entry["sample"], entry["seed"]) = (sample, 1) }
            entries.append(entry)
        }
        var metadata = try JSONSerialization.jsonObject(with: document(source, identity)) as? [String: Any] ?? [:]
        metadata["variants"] = entries
        let data = try JSONSerialization.data(withJSONObject: metadata)
        try staging.write(data, as: ResultName.metadata(of: source))
        return staging
    }

    /// Publishes made-up variants as a source's result, and returns what a person should know.
    @discardableResult
    fileprivate func publish(
        _ source: RelativePath, _ identity: WorkIdentity, _ variants: [Drawn], at result: RelativePath? = nil
    ) throws -> [String] {
        let staging = try stage(source, identity, variants)
        if let result {
            try publish(staging, as: result, replacing: true)
        } else {
            _ = try publish(staging, source: source, content: identity.content)
        }
        return staging.choiceRemarks
    }
}

@Suite struct ChoiceTests {
    private let source = RelativePath("album/a.png")!
    private let result = RelativePath("album/a")!
    private let time = Date(timeIntervalSince1970: 1_000_000_000)
    private let first = [
        Drawn(content: "mode"), Drawn(content: "zero", sample: 0), Drawn(content: "one", sample: 1),
    ]
    private let spool: TemporarySpool
    private let publisher: Publisher

    init() throws {
        spool = try TemporarySpool()
        publisher = try Publisher(configuration: spool.configuration)
        try publisher.publish(source, WorkIdentity("content"), first)
    }

    private func choose(_ number: Int, _ note: String? = nil) throws -> Choice {
        try publisher.choose(.variant(number, note: note), of: result, time: time).choice
    }

    private func hash(_ content: String) -> ContentHash { ContentHash(of: Array(content.utf8)) }

    @Test func aChoiceIsADocumentInTheResult() throws {
        let choice = try choose(3, "the dress was green")
        let expected = Choice.Picture(
            variant: 3, file: "03.jpg", sha256: hash("one"), seed: 1, sample: 1, time: time, note: "the dress was green"
        )
        #expect(choice == Choice(chosen: expected))
        #expect(try publisher.choice(of: result) == choice)
        let text = try #require(spool.read("outbox/album/a/chosen.json"))
        let document = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        #expect(document?["variant"] as? Int == 3 && document?["schema"] as? Int == 1)
        #expect(document?["time"] as? String == "2001-09-09T01:46:40Z")
        #expect(try choose(1).chosen?.sample == nil, "the mode is no draw")
    }

    @Test func theFormerChoiceStaysForUndo() throws {
        _ = try choose(2)
        _ = try choose(3)
        #expect(try publisher.choose(.undo, of: result).choice.chosen?.variant == 2)
        #expect(try publisher.choose(.undo, of: result).choice.chosen?.variant == 3)
        let none = try publisher.choose(.none, of: result).choice
        #expect(none.chosen == nil && none.previous?.variant == 3)
        #expect(try publisher.choose(.none, of: result).choice == none, "nothing more is lost by it")
        #expect(try publisher.choose(.undo, of: result).choice.chosen?.variant == 3)
    }

    @Test func nothingIsWrittenWhereNothingIsTakenBack() throws {
        #expect(try publisher.choose(.none, of: result).choice == Choice(chosen: nil))
        #expect(try publisher.choose(.undo, of: result).choice == Choice(chosen: nil))
        #expect(!spool.exists("outbox/album/a/chosen.json"))
    }

    @Test func aVariantThatThereIsNotIsRefused() throws {
        _ = try choose(2)
        for number in [0, 4, 99] {
            #expect(throws: SpoolError.self) { try choose(number) }
        }
        #expect(throws: FileError.self) { try publisher.choose(.variant(1), of: RelativePath("album")!) }
        let seen = Publisher.ChoiceChange.variant(3, sha256: hash("zero"))
        #expect(throws: FileError.changed(path: publisher.outbox.display(result) + "/03.jpg")) {
            try publisher.choose(seen, of: result)
        }
        #expect(try publisher.choice(of: result)?.chosen?.variant == 2)
    }

    // MARK: Exchanges

    /// What another machine made lies beside a result until it takes its place.
    @Test(arguments: [true, false]) func whatAnotherMachineMadeTakesTheChoiceOver(rules: Bool) throws {
        _ = try choose(3)
        let identity = WorkIdentity("content", model: "new")
        let next = [first[0], Drawn(content: "one", sample: 1), Drawn(content: "two", sample: 2)]
        try interrupting(rules: rules) { _, _ in
        } body: {
            let staging = try publisher.stage(source, identity, next)
            let beside = try publisher.publishBesideOthers(staging, source: source, identity: identity)
            #expect(beside != result)
            // As a coordinator knows it that was started anew.
            let promoted = try publisher.promote(
                beside, of: source, content: identity.content, previous: beside)
            #expect(promoted.place == result && promoted.remarks == [])
        }
        #expect(try publisher.result(at: result)?.identity == identity)
        #expect(try publisher.choice(of: result)?.chosen?.variant == 2, "the same picture has another number")
    }

    /// Whoever puts it in its place is told what became of the choice, as whoever publishes is.
    @Test(arguments: [true, false]) func aPromotionSaysWhatBecameOfTheChoice(rules: Bool) throws {
        _ = try choose(3)
        let identity = WorkIdentity("content", model: "new")
        let remarks = try interrupting(rules: rules) { _, _ in
        } body: {
            let staging = try publisher.stage(source, identity, [Drawn(content: "other")])
            let beside = try publisher.publishBesideOthers(staging, source: source, identity: identity)
            return try publisher.promote(beside, of: source, content: identity.content).remarks
        }
        #expect(remarks.count == 1 && remarks[0].contains("kept-\(hash("one").short).jpg"), "\(remarks)")
    }

    @Test func whatWasChosenInBothStaysInBoth() throws {
        _ = try choose(3)
        let identity = WorkIdentity("content", model: "new")
        let staging = try publisher.stage(source, identity, first)
        let beside = try publisher.publishBesideOthers(staging, source: source, identity: identity)
        _ = try publisher.choose(.variant(1), of: beside)
        #expect(try publisher.promote(beside, of: source, content: identity.content).place == beside)
        #expect(try publisher.choice(of: result)?.chosen?.variant == 3)
        #expect(try publisher.choice(of: beside)?.chosen?.variant == 1)
    }

    @Test(arguments: [true, false], [true, false])
    func theSamePictureIsChosenUnderItsNewNumber(rules: Bool, atPlace: Bool) throws {
        _ = try choose(3, "note")
        let next = [first[0], Drawn(content: "seven", sample: 7), Drawn(content: "five", sample: 5), first[2]]
        let remarks = try interrupting(rules: rules) { _, _ in
        } body: {
            try publisher.publish(
                source, WorkIdentity("content", settings: "more"), next, at: atPlace ? result : nil)
        }
        #expect(remarks == [])
        let chosen = try #require(try publisher.choice(of: result)?.chosen)
        #expect(chosen.variant == 4 && chosen.file == "04.jpg" && chosen.sha256 == hash("one"))
        #expect(chosen.note == "note" && chosen.time == time)
        #expect(spool.tree("outbox").filter { $0.contains("kept") || $0.contains("/.") } == [])
    }

    /// Another model paints the same draw in other colors, and other draws are no substitute either.
    @Test(
        arguments: [true, false],
        [
            [Drawn(content: "mode 2"), Drawn(content: "zero 2", sample: 0), Drawn(content: "one 2", sample: 1)],
            [Drawn(content: "mode"), Drawn(content: "nine", sample: 9)],
        ])
    private func aPictureThatIsNotMadeAgainStays(rules: Bool, next: [Drawn]) throws {
        _ = try choose(2)
        _ = try choose(3)
        let identity = WorkIdentity("content", model: "another")
        let remarks = try interrupting(rules: rules) { _, _ in
        } body: {
            try publisher.publish(source, identity, next)
        }
        let name = "kept-\(hash("one").short).jpg"
        #expect(remarks.count == 1 && remarks[0].contains(name))
        for _ in 0..<2 {
            let choice = try #require(try publisher.choice(of: result))
            let chosen = try #require(choice.chosen)
            #expect(chosen.variant == nil && chosen.file == name && chosen.sample == 1 && chosen.time == time)
            #expect(chosen.kept?.model == "model" && chosen.kept?.source == hash("content"))
            #expect(spool.read("outbox/album/a/" + name) == "one")
            #expect(choice.previous?.sha256 == hash("zero"))
            // What was kept is kept on.
            try publisher.publish(source, identity, next)
        }
        #expect(try publisher.choose(.undo, of: result).choice.chosen?.sha256 == hash("zero"))
        #expect(try publisher.choose(.undo, of: result).choice.chosen?.sha256 == hash("one"))
        // The first model again.
        try publisher.publish(source, WorkIdentity("content"), first)
        #expect(try publisher.choice(of: result)?.chosen?.variant == 3)
        #expect(spool.tree("outbox").filter { $0.contains("kept") } == [])
    }

    @Test func aChoiceOfAnotherPhotographIsNoneOfThisOne() throws {
        _ = try choose(2)
        let remarks = try publisher.publish(source, WorkIdentity("other"), [Drawn(content: "new")])
        #expect(remarks.count == 1 && remarks[0].contains("another photograph"))
        let choice = try #require(try publisher.choice(of: result))
        #expect(choice.chosen == nil && choice.previous?.kept?.source == hash("content"))
        #expect(spool.read("outbox/album/a/" + choice.previous!.file) == "zero", "nothing is lost")
    }

    @Test func aPhotographCalledChosenHasMetadataOfThatName() throws {
        let (source, result) = (RelativePath("chosen.png")!, RelativePath("chosen")!)
        for round in 0..<3 {
            try publisher.publish(source, WorkIdentity("content", settings: "\(round)"), first)
            #expect(try publisher.result(at: result)?.source == source)
            if round == 0 { _ = try publisher.choose(.variant(2), of: result) }
            #expect(try publisher.choice(of: result)?.chosen?.variant == 2)
        }
        #expect(spool.exists("outbox/chosen/chosen.choice.json"))
    }

    // MARK: At the same moment

    /// A machine that no lock holds off writes its choice right before the exchange.
    @Test(arguments: [true, false]) func aChoiceMadeDuringAnExchangeIsTakenOver(rules: Bool) throws {
        let other = try choose(3)
        _ = try choose(2)
        let document = try other.encoded()
        let outbox = spool.configuration.outbox
        let isDone = Mutex(false)
        try interrupting(rules: rules) { change, _ in
            // Documents of choices are renamed too, before the new result is complete.
            let names = (FileManager.default.enumerator(atPath: outbox)?.compactMap { $0 as? String }) ?? []
            guard change == (rules ? .rename(.exchange) : .plainRename), !isDone.withLock({ $0 }),
                names.filter({ $0.hasSuffix("/chosen.json") }).count == 2
            else { return }
            isDone.withLock { $0 = true }
            try document.write(to: URL(fileURLWithPath: outbox + "/album/a/chosen.json"))
        } body: {
            _ = try publisher.publish(source, WorkIdentity("content", settings: "more"), first)
        }
        #expect(isDone.withLock { $0 })
        #expect(try publisher.choice(of: result)?.chosen?.variant == 3)
    }

    /// The folder is exchanged between a look at it and the writing of a choice into it.
    @Test func aChoiceWrittenIntoAnOldResultIsMadeAgainInTheNewOne() throws {
        let next = [first[0], first[2], first[1]]
        try publisher.publish(RelativePath("b.png")!, WorkIdentity("content"), next)
        // The same photograph's, for the test.
        let folder = spool.folder
        let metadata = try #require(folder.read("outbox/album/a/a.json"))
        var document = try JSONSerialization.jsonObject(with: metadata) as! [String: Any]
        document["variants"] =
            (try JSONSerialization.jsonObject(with: folder.read("outbox/b/b.json")!) as! [String: Any])["variants"]
        try folder.write(JSONSerialization.data(withJSONObject: document), "outbox/b/a.json")
        try FileManager.default.removeItem(atPath: folder.file("outbox/b/b.json"))
        let isDone = Mutex(false)
        let outbox = spool.configuration.outbox
        try interrupting { change, _ in
            guard change == .plainRename, !isDone.withLock({ $0 }) else { return }
            isDone.withLock { $0 = true }
            try FileManager.default.moveItem(atPath: outbox + "/album/a", toPath: outbox + "/old")
            try FileManager.default.moveItem(atPath: outbox + "/b", toPath: outbox + "/album/a")
        } body: {
            _ = try choose(3)
        }
        #expect(isDone.withLock { $0 })
        let chosen = try #require(try publisher.choice(of: result)?.chosen)
        #expect(chosen.sha256 == hash("one") && chosen.variant == 2, "what the person saw, not what has its number now")
    }

    /// Puts a folder in the result's place right before the next document of a choice gets its name, as a machine does that
    /// no lock holds off.
    ///
    /// - Parameter delay: Seconds for which no result has the name.
    private func replacing<R>(with next: String, delay: Double = 0, _ body: () throws -> R) throws -> R {
        let isDone = Mutex(false)
        let outbox = spool.configuration.outbox
        let value = try interrupting { change, _ in
            guard change == .plainRename, !isDone.withLock({ $0 }) else { return }
            isDone.withLock { $0 = true }
            rename(outbox + "/album/a", outbox + "/old")
            if delay == 0 {
                rename(outbox + "/" + next, outbox + "/album/a")
            } else {
                Thread.detachNewThread {
                    Thread.sleep(forTimeInterval: delay)
                    rename(outbox + "/" + next, outbox + "/album/a")
                }
            }
        } body: {
            try body()
        }
        #expect(isDone.withLock { $0 })
        return value
    }

    /// Whoever replaces a result takes what is chosen over, before a choice is taken back or after.
    @Test(arguments: [true, false]) func aChoiceIsTakenBackOnceWhileItsResultIsReplaced(isTakenOver: Bool) throws {
        let outbox = spool.configuration.outbox
        let undone = try choose(2)
        _ = try choose(3)
        try FileManager.default.copyItem(atPath: outbox + "/album/a", toPath: outbox + "/next")
        if isTakenOver {
            let choice = Choice(chosen: undone.chosen, previous: try publisher.choice(of: result)?.chosen)
            try spool.folder.write(choice.encoded(), "outbox/next/chosen.json")
        }
        let changed = try replacing(with: "next") { try publisher.choose(.undo, of: result) }
        #expect(changed.choice.chosen?.variant == 2)
        #expect(try publisher.choice(of: result)?.chosen?.variant == 2)
        #expect(try publisher.choose(.undo, of: result).choice.chosen?.variant == 3)
    }

    /// Where names cannot be exchanged there is a moment without a result.
    @Test func aChoiceWaitsForTheResultThatIsJustReplaced() throws {
        let outbox = spool.configuration.outbox
        try FileManager.default.copyItem(atPath: outbox + "/album/a", toPath: outbox + "/next")
        _ = try replacing(with: "next", delay: 0.05) { try choose(3) }
        #expect(try publisher.choice(of: result)?.chosen?.variant == 3)
    }

    /// One process chooses while another replaces the result, again and again.
    @Test func noChoiceIsLostWhileResultsAreReplaced() throws {
        let (spool, source, result, first) = (spool, source, result, first)
        let configuration = spool.configuration
        // How it ended, once it has.
        let ended = Mutex<Result<Void, any Error>?>(nil)
        Thread.detachNewThread {
            let outcome = Result {
                let publisher = try Publisher(configuration: configuration)
                for round in 1...60 {
                    // Now with the chosen picture, now without.
                    let next = round % 3 == 0 ? [first[0], Drawn(content: "other \(round)", sample: 50)] : first
                    try publisher.publish(source, WorkIdentity("content", settings: "\(round)"), next)
                }
            }
            ended.withLock { $0 = outcome }
        }
        var lost: [Int] = []
        var round = 0
        while ended.withLock({ $0 == nil }) {
            round += 1
            // Only where there is such a variant at this moment.
            let number = try publisher.variants(of: result).count == 3 ? 1 + round % 3 : 1
            let want = first[number - 1].content
            guard (try? publisher.choose(.variant(number, sha256: hash(want)), of: result)) != nil else { continue }
            if try publisher.choice(of: result)?.chosen?.sha256 != hash(want) { lost.append(round) }
        }
        try ended.withLock { $0 }?.get()
        #expect(round > 1 && lost == [])
    }

    // MARK: Damage

    private static let damages: [(String, @Sendable (inout [String: Any]) -> Void, String)] = [
        ("schema", { $0["schema"] = 2 }, "schema 2 is not known"),
        ("path", { $0["file"] = "../../b.png" }, "no name of a picture"),
        ("number", { $0["variant"] = 12 }, "names variant 12"),
        ("draw", { $0["sample"] = 4000 }, "another draw"),
        ("seed", { $0["seed"] = nil }, "a seed and an index"),
        ("hash", { $0["sha256"] = String(repeating: "ab", count: 32) }, "another draw or file"),
        ("picture", { $0["file"] = "07.jpg" }, "another draw or file"),
        ("type", { $0["time"] = 12 }, "no choice"),
        ("kept", { $0["variant"] = nil }, "either a variant or kept"),
    ]

    @Test(arguments: damages.map(\.0)) func anEditedDocumentIsSetAside(name: String) throws {
        let (_, change, reason) = try #require(Self.damages.first { $0.0 == name })
        _ = try choose(3)
        let path = "album/a/chosen.json"
        var document =
            try JSONSerialization.jsonObject(with: Data(spool.read("outbox/" + path)!.utf8)) as! [String: Any]
        change(&document)
        let data = try JSONSerialization.data(withJSONObject: document)
        try expectSetAside(data, reason)
    }

    @Test(arguments: ["", "no json", "[]", "{\"schema\": 1, \"file\": 3}"]) func whatIsNoChoiceIsSetAside(text: String)
        throws
    {
        try expectSetAside(Data(text.utf8), "it is no choice")
    }

    private func expectSetAside(_ data: Data, _ reason: String) throws {
        let folder = "outbox/album/a/"
        try spool.folder.write(data, folder + "chosen.json")
        let error = #expect(throws: SpoolError.self) { try publisher.choice(of: result) }
        let message = "\(error!)"
        #expect(message.contains(reason) && message.contains("album/a/chosen.json"), "\(message)")

        // A reprocess goes on, and says so.
        let remarks = try publisher.publish(source, WorkIdentity("content", settings: "more"), first)
        let aside = "chosen-damaged-\(ContentHash(of: data).short).json"
        #expect(remarks.count == 1 && remarks[0].contains(reason) && remarks[0].contains(aside), "\(remarks)")
        #expect(spool.folder.read(folder + aside) == data && !spool.exists(folder + "chosen.json"))
        #expect(try publisher.choice(of: result) == nil)

        // So does a new choice.
        try spool.folder.write(data, folder + "chosen.json")
        #expect(throws: SpoolError.self) { try publisher.choose(.undo, of: result) }
        let changed = try publisher.choose(.variant(1), of: result)
        #expect(changed.remarks.count == 1 && changed.remarks[0].contains(aside))
        #expect(changed.choice.chosen?.variant == 1 && spool.folder.read(folder + aside) == data)
        try publisher.publish(source, WorkIdentity("content", settings: "yet more"), first)
        #expect(spool.folder.read(folder + aside) == data, "it stays for good")
        #expect(try publisher.choice(of: result)?.chosen?.variant == 1)
    }

    @Test func aPictureThatWasPaintedOverStays() throws {
        _ = try choose(3)
        try spool.folder.write("painted over", "outbox/album/a/03.jpg")
        let remarks = try publisher.publish(source, WorkIdentity("content", settings: "more"), [first[0]])
        let name = "kept-\(hash("painted over").short).jpg"
        #expect(remarks.count == 1 && remarks[0].contains(name), "\(remarks)")
        #expect(spool.read("outbox/album/a/" + name) == "painted over")
        #expect(try publisher.choice(of: result) == nil)
    }

    @Test(arguments: ["link", "pipe", "large"]) func whatIsNoPlainFileIsNotFollowed(kind: String) throws {
        let folder = spool.configuration.outbox + "/album/a/"
        let secret = try spool.folder.write("secret", "secret.json")
        switch kind {
        case "link": symlink(secret, folder + "chosen.json")
        case "pipe": mkfifo(folder + "chosen.json", 0o600)
        default: try spool.folder.write(Data(count: Choice.limit + 1), "outbox/album/a/chosen.json")
        }
        let error = #expect(throws: SpoolError.self) { try publisher.choice(of: result) }
        #expect("\(error!)".contains("chosen.json"))
        #expect(try publisher.publish(source, WorkIdentity("content", settings: "more"), first).count == 1)
        #expect(try publisher.choice(of: result) == nil)
        if kind == "link" { symlink(secret, folder + "chosen.json") }
        #expect(try choose(2).chosen?.variant == 2)
        #expect(spool.read("secret.json") == "secret")
    }

    @Test func whatAKilledWriterLeftIsSwept() throws {
        let name = HostIdentity.current.name(prefix: ".autochrome-choice-")
        try spool.folder.write("half", "outbox/album/a/" + name)
        _ = try choose(2)
        #expect(spool.folder.list("outbox/album/a").filter { $0.hasPrefix(".") } == [])
    }
}
