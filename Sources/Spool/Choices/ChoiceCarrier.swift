import Digest
import Files
import Foundation

/// Takes a choice over from a result to the one that takes its place.
///
/// Where the new result has the chosen picture to the bit, the choice is of that variant. Where it has not, the picture
/// itself is kept beside the new variants: it is what a person decided on.
struct ChoiceCarrier {
    let old: OpenResult
    let new: OpenResult

    /// Takes the choice over as it is now, and returns what a person should know about it.
    func carry() throws -> [String] {
        // From an earlier try.
        for name in try new.leftovers() + [new.choiceName] { try new.remove(name) }
        var remarks = try carryDocument()
        let leftovers = try old.leftovers()
        if leftovers.contains(where: { $0.starts(with: OpenResult.damagedPrefix.utf8) }) {
            // A damaged document may be of one of the pictures.
            for name in leftovers {
                do { _ = try copy(name, as: name) } catch let error as SpoolError { remarks.append("\(error)") }
            }
        }
        return remarks
    }

    private func carryDocument() throws -> [String] {
        do {
            guard let data = try old.choiceData() else { return [] }
            let choice = try carried(Choice(data, file: old.choiceDisplay))
            try new.write(choice.encoded(), as: new.choiceName)
            try new.markSidecars(choice)
            return remarks(on: choice)
        } catch let error as SpoolError {
            let name = OpenResult.damagedPrefix + old.result.identity.content.short + ".json"
            do {
                let hash = try copy(old.choiceName, as: Array(name.utf8))
                let final = OpenResult.damagedPrefix + hash.short + ".json"
                try Folder.renamePlainly(
                    (new.directory.raw, Array(name.utf8)[...]), (new.directory.raw, Array(final.utf8)[...]),
                    path: new.display)
                return ["\(error); it is \(final) now, and nothing is chosen"]
            } catch is SpoolError {
                return ["\(error); nothing is chosen"]
            }
        }
    }

    private func carried(_ choice: Choice) throws -> Choice {
        let chosen = try choice.chosen.map(picture)
        // What was given up before is not worth an error.
        let previous = try choice.previous.flatMap { picture in
            do { return try self.picture(picture) } catch is SpoolError { return nil }
        }
        // Another photograph has the name now: the picture stays, and is no choice among that one's.
        if isOfAnother { return Choice(chosen: nil, previous: chosen ?? previous) }
        return Choice(chosen: chosen, previous: previous)
    }

    /// Whether the new result is of another photograph.
    private var isOfAnother: Bool { old.result.identity.content != new.result.identity.content }

    private func remarks(on choice: Choice) -> [String] {
        if isOfAnother, let kept = choice.previous {
            return ["what was chosen was of another photograph of this name: it stays as \(kept.file)"]
        }
        if let kept = choice.chosen, kept.variant == nil {
            return ["the chosen picture is none of the new variants: it stays as \(kept.file)"]
        }
        return []
    }

    /// A chosen picture as one of the new result.
    private func picture(_ picture: Choice.Picture) throws -> Choice.Picture {
        do { try old.check(picture) } catch let SpoolError.choice(_, reason) {
            throw try damaged(picture, reason)
        }
        if let same = new.variants.first(where: { $0.sha256 == picture.sha256 }) {
            return same.picture(time: picture.time, note: picture.note)
        }
        let (name, content) = try keep(picture)
        try keepPreviews(of: picture, as: name)
        guard content == picture.sha256 else {
            // Somebody has painted over it, perhaps.
            throw old.refusal("\(picture.file) is not the picture that was chosen; it stays as \(name)")
        }
        var kept = picture
        (kept.variant, kept.file) = (nil, name)
        let identity = old.result.identity
        kept.kept =
            picture.kept ?? .init(source: identity.content, model: identity.model, settings: identity.settings)
        return kept
    }

    /// The error of a choice that does not fit its result; its picture, if there is one, stays.
    private func damaged(_ picture: Choice.Picture, _ reason: String) throws -> SpoolError {
        do {
            return old.refusal("\(reason); \(picture.file) stays as \(try keep(picture).name)")
        } catch is SpoolError {
            return old.refusal(reason)
        }
    }

    /// Copies a picture under the name that kept ones have.
    private func keep(_ picture: Choice.Picture) throws -> (name: String, content: ContentHash) {
        let ending = String(decoding: RelativePath(picture.file)?.suffix ?? [], as: UTF8.self)
        let file = try open(picture.name)
        let content = try ContentHash(descriptor: file.raw, path: old.display + "/" + picture.file)
        let name = OpenResult.keptPrefix + content.short + ending
        guard try new.copy(file, as: Array(name.utf8)) == content else {
            throw FileError.changed(path: old.display + "/" + picture.file)
        }
        return (name, content)
    }

    func copy(_ name: [UInt8], as other: [UInt8]) throws -> ContentHash {
        try new.copy(open(name), as: other)
    }

    /// Opens a plain file of the old result; throws `SpoolError.choice` where there is none.
    private func open(_ name: [UInt8]) throws -> Descriptor {
        let shown = RelativePath.escape(name[...])
        do {
            return try Descriptor.file(old.directory.raw, name[...], path: old.display + "/" + shown)
        } catch FileError.missing {
            throw old.refusal("its picture \(shown) is not there")
        } catch FileError.refused {
            throw old.refusal("\(shown) is no plain file")
        }
    }
}
