import Digest
import Files
import Foundation

extension Publisher {
    /// A change of what is chosen of a result.
    package enum ChoiceChange: Sendable {
        /// A variant by its number, from 1; with a hash, only if that is what has the number.
        case variant(Int, sha256: ContentHash? = nil, note: String? = nil)
        /// Nothing is chosen any more.
        case none
        /// Back to what was chosen before the last change.
        case undo
    }

    /// A choice that was changed.
    package struct ChangedChoice: Sendable {
        package var choice: Choice
        /// Whether it was another before.
        package var isChanged: Bool
        /// What a person should know, such as that the former document was damaged.
        package var remarks: [String]
    }

    /// Times that a choice is made again where the result was replaced meanwhile.
    private static let attempts = 20
    /// Microseconds between two looks where names cannot be exchanged: for a moment there is no result then.
    private static let pause: UInt32 = 100_000

    /// The choice of a result; nil where none was ever made.
    ///
    /// - Throws: `SpoolError.choice` where its document is not as it was written, or of a picture that is not there;
    ///   `FileError.missing` where there is no result.
    package func choice(of result: RelativePath) throws -> Choice? {
        for attempt in 0..<Self.attempts {
            guard let open = try open(result, again: attempt > 0) else { continue }
            // An older result's files may go while it is read.
            let choice = Result { try open.choice() }
            if try isNamed(open, result) { return try choice.get() }
        }
        throw FileError.changed(path: outbox.display(result))
    }

    /// The variants of a result.
    package func variants(of result: RelativePath) throws -> [ResultVariant] {
        try open(result).variants
    }

    /// Changes what is chosen of a result; the former choice stays in the document.
    ///
    /// It is written whole or not at all. Where another process replaces the result at that moment, the choice is in the new
    /// one: both hold a lock on the old folder, and where there are no locks, each looks again after its own step.
    ///
    /// - Throws: `SpoolError.choice` for a variant that there is not, and `FileError.changed` where the number is another
    ///   picture's than the given hash's.
    package func choose(
        _ change: ChoiceChange, of result: RelativePath, time: Date = Date()
    ) throws -> ChangedChoice {
        // What was written into a result that had lost its name by then.
        var made: ChangedChoice?
        for attempt in 0..<Self.attempts {
            guard let open = try open(result, again: attempt > 0) else { continue }
            open.directory.lock()
            guard try isNamed(open, result) else { continue }
            try open.sweep()
            if case .undo = change, let made, try hasTakenOver(made.choice, open) { return made }
            var changed = try apply(Self.again(change, made?.choice, in: open), to: open, time)
            changed.remarks = (made?.remarks ?? []) + changed.remarks
            changed.isChanged = changed.isChanged || made?.isChanged == true
            if try isNamed(open, result) { return changed }
            made = changed
        }
        throw FileError.changed(path: outbox.display(result))
    }

    /// Whether whoever has replaced a result saw what was chosen in it last: to undo once more would undo that.
    private func hasTakenOver(_ made: Choice, _ open: OpenResult) throws -> Bool {
        try open.choice()?.chosen?.sha256 == made.chosen?.sha256
    }

    /// A change as it is made once more in the result that has replaced the one it was made in.
    private static func again(_ change: ChoiceChange, _ made: Choice?, in open: OpenResult) -> ChoiceChange {
        guard case .variant(let number, _, let note) = change, let chosen = made?.chosen else { return change }
        // The number was that of a variant of the result that is no more.
        let same = open.variants.first { $0.sha256 == chosen.sha256 }
        return .variant(same?.number ?? number, sha256: chosen.sha256, note: note)
    }

    private func apply(_ change: ChoiceChange, to open: OpenResult, _ time: Date) throws -> ChangedChoice {
        var remarks: [String] = []
        var former: Choice?
        do {
            former = try open.choice()
        } catch let error as SpoolError {
            // A new choice takes the place of what is none.
            if case .undo = change { throw error }
            remarks.append("\(error); it is \(try open.setAside()) now")
        }
        let choice = try self.choice(by: change, after: former, in: open, time)
        let isChanged = choice != former ?? Choice(chosen: nil)
        if isChanged { try open.write(choice.encoded(), as: open.choiceName) }
        try open.markSidecars(choice)
        return ChangedChoice(choice: choice, isChanged: isChanged, remarks: remarks)
    }

    private func choice(
        by change: ChoiceChange, after former: Choice?, in open: OpenResult, _ time: Date
    ) throws -> Choice {
        let former = former ?? Choice(chosen: nil)
        switch change {
        case .undo: return former.undone
        case .none: return former.chosen == nil ? former : Choice(chosen: nil, previous: former.chosen)
        case .variant(let number, let expected, let note):
            guard let variant = open.variants.first(where: { $0.number == number }) else {
                throw SpoolError.choice(
                    file: open.display, reason: "it has no variant \(number), only \(open.variants.count)")
            }
            if let expected, expected != variant.sha256 {
                throw FileError.changed(path: open.display + "/" + variant.file)
            }
            let whole = Date(timeIntervalSince1970: time.timeIntervalSince1970.rounded(.down))
            let picture = variant.picture(time: whole, note: note)
            if let same = former.chosen, same.sha256 == picture.sha256 {
                return Choice(chosen: picture, previous: former.previous)
            }
            return Choice(chosen: picture, previous: former.chosen)
        }
    }

    /// Whether a result's folder still has its name.
    private func isNamed(_ open: OpenResult, _ result: RelativePath) throws -> Bool {
        try outbox.status(result)?.stamp.identity == open.directory.status(open.display).stamp.identity
    }

    /// Opens a result; nil where one that was there before is not to be seen at this moment.
    private func open(_ result: RelativePath, again isAgain: Bool) throws -> OpenResult? {
        do {
            return try open(result)
        } catch FileError.missing where isAgain {
            usleep(Self.pause)
            return nil
        }
    }

    private func open(_ result: RelativePath) throws -> OpenResult {
        let display = outbox.display(result)
        guard let open = try open(outbox.directory(result), at: result, display) else {
            throw FileError.missing(path: "a result in \(display)")
        }
        return open
    }

    /// The result in an open folder; nil where there is none.
    private func open(_ directory: Descriptor, at path: RelativePath, _ display: String) throws -> OpenResult? {
        guard let (result, metadata) = try result(in: directory, at: path, display) else { return nil }
        return OpenResult(
            result: result, variants: try ResultVariant.list(metadata), directory: directory, display: display)
    }
}

// MARK: Exchanges

extension Publisher {
    /// A result that is to be replaced, whose choice stays as it is until this goes, where locks hold.
    struct Predecessor {
        fileprivate let open: OpenResult?
        fileprivate var carried: Data?
        /// What a person should know about the choice.
        fileprivate(set) var remarks: [String] = []
    }

    /// The folder of a result that is to take another's place.
    struct Successor {
        let directory: Descriptor
        let display: String
    }

    /// A result that lies in the outbox already; nil where a person has chosen in it, which must not be undone.
    func successor(_ result: RelativePath) throws -> Successor? {
        let (directory, display) = (try outbox.directory(result), outbox.display(result))
        // Nobody chooses in it from the look on until it has its place.
        directory.lock()
        if let open = try open(directory, at: result, display), try open.choiceData() != nil { return nil }
        return Successor(directory: directory, display: display)
    }

    /// Takes the choice of the result at a path over into the one that is to take its place.
    ///
    /// - Throws: `missing` where the result has just lost its name.
    func carryChoice(of result: RelativePath, into successor: Successor) throws -> Predecessor {
        let display = outbox.display(result)
        let directory = try outbox.directory(result)
        directory.lock()
        guard let old = try open(directory, at: result, display) else { return Predecessor(open: nil) }
        guard try isNamed(old, result) else { throw FileError.missing(path: display) }
        let carried = try? old.choiceData()
        let remarks = try carry(from: old, at: result, into: successor)
        return Predecessor(open: old, carried: carried, remarks: remarks)
    }

    /// Takes the choice over again where one was made since, by a machine that the lock does not hold on.
    func carryChoiceAgain(
        of predecessor: inout Predecessor, at result: RelativePath, into successor: Successor
    ) throws {
        guard let old = predecessor.open, let data = try? old.choiceData(), data != predecessor.carried else { return }
        predecessor.remarks = try carry(from: old, at: result, into: successor)
        predecessor.carried = data
    }

    private func carry(from old: OpenResult, at result: RelativePath, into successor: Successor) throws -> [String] {
        guard let new = try open(successor.directory, at: result, successor.display) else { return [] }
        return try ChoiceCarrier(old: old, new: new).carry()
    }
}

extension Descriptor {
    /// Waits for the lock on a folder, which goes with this; nothing happens where the file system has none.
    ///
    /// Nobody holds it for long. Whoever does all the same is not waited for: each side looks again after its own step.
    fileprivate func lock() {
        for _ in 0..<2000 {
            if flock(raw, LOCK_EX | LOCK_NB) == 0 || (errno != EWOULDBLOCK && errno != EINTR) { return }
            usleep(5000)
        }
    }
}
