import Digest
import Files
import Foundation

extension Publisher {
    /// Publishes a source's result as one of several machines: whoever is first has the name, and nothing is replaced.
    ///
    /// Where this very result is there already, this one is dropped. Where an older one has the name, this lies beside it
    /// until the coordinator promotes it.
    ///
    /// - Parameter patience: Seconds for which a name that is taken by nothing that can be seen is looked at again: other
    ///   machines' folders may show late.
    /// - Returns: The folder in the outbox.
    package func publishBesideOthers(
        _ staging: Staging, source: RelativePath, identity: WorkIdentity, patience: Double = 60
    ) throws -> RelativePath {
        try staging.seal()
        return try naming.withLock { _ in
            let places = ResultName.places(of: source, content: identity.content)
            for place in places where try take(place, with: staging, identity, of: source, patience) { return place }
            throw FileError.occupied(path: outbox.display(places[0]))
        }
    }

    /// Puts a result at a place, or finds it there; false where something else has it.
    private func take(
        _ place: RelativePath, with staging: Staging, _ identity: WorkIdentity, of source: RelativePath,
        _ patience: Double
    ) throws -> Bool {
        let end = ContinuousClock.now + .seconds(patience)
        while true {
            do {
                if try outbox.status(place) == nil {
                    try move(staging, to: place, replacing: false)
                    return true
                }
            } catch FileError.occupied where ContinuousClock.now < end {
                // Another machine was first, and this one may not see its folder yet.
                usleep(100_000)
            } catch FileError.missing {
                // A rename that was sent twice finds nothing the second time; and somebody may have removed a folder.
                if isThere(place, identity, of: source) { return true }
                let isLost = try Folder.status(in: outbox.descriptor.raw, staging.name[...], staging.path) == nil
                if isLost || ContinuousClock.now > end { throw FileError.missing(path: staging.path) }
            }
            if isThere(place, identity, of: source) { return true }
            if try outbox.status(place) != nil { return false }
        }
    }

    private func isThere(_ place: RelativePath, _ identity: WorkIdentity, of source: RelativePath) -> Bool {
        guard let found = try? result(at: place) else { return false }
        return found.source == source && found.identity == identity
    }

    /// Puts a result that lies beside an older one of its source in that one's place.
    ///
    /// - Parameters:
    ///   - previous: Where the source's last result lies, as far as known.
    ///   - replacesOther: Whether a result of other content is replaced; if not, it stays beside this one.
    /// - Returns: Where the result lies then, and what a person should know of the choice that it has taken over.
    package func promote(
        _ result: RelativePath, of source: RelativePath, content: ContentHash, previous: RelativePath? = nil,
        replacesOther: Bool = true
    ) throws -> (place: RelativePath, remarks: [String]) {
        // After a restart the file's last result may be taken for this one, which says nothing of the older one.
        let wanted = WantedPlace(
            source: source, content: content, previous: previous == result ? nil : previous,
            replacesOther: replacesOther)
        return try naming.withLock { _ in
            // A file's result may be that of the same content under another name, which stays where it is.
            guard try self.result(at: result)?.source == source else { return (result, []) }
            for place in wanted.all.prefix(while: { $0 != result })
            where try replaceable(at: place, by: wanted) != nil {
                return try exchange(result, with: place)
            }
            return (result, [])
        }
    }

    /// Gives a result the place of an older one, which is removed, unless a person has chosen in the new one already:
    /// neither's choice may go.
    private func exchange(
        _ result: RelativePath, with place: RelativePath
    ) throws -> (place: RelativePath, remarks: [String]) {
        guard let successor = try successor(result) else { return (result, []) }
        let path = outbox.display(place)
        let parent = try outbox.directory(place.parent)
        let (new, old) = ((parent.raw, result.name), (parent.raw, place.name))
        let (isBeside, remarks) = try supersede(old, by: new, at: place, parent, successor)
        try parent.synchronize(path)
        if isBeside { try? discard(new, path: path) }
        return (place, remarks)
    }
}
