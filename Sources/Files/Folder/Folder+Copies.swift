import Foundation

extension Folder {
    /// Begins the hidden names of copies that are not whole yet.
    package static let copyPrefix = hiddenPrefix + "copy-"

    /// Copies a file to a name that is free, under a hidden name of its own first.
    func receive(
        _ source: borrowing OpenedFile, as place: Place, _ path: String, _ progress: () throws -> Void
    ) throws {
        let holder = try holderOfCopies(for: place, path)
        let hidden = Array(HostIdentity.current.name(prefix: Self.copyPrefix).utf8)[...]
        let copy = try Descriptor.open(holder, hidden, O_RDWR | O_CREAT | O_EXCL, mode: 0o666, path: path)
        do {
            // A sweep leaves it alone. Where nothing can be locked, nothing can be swept either.
            flock(copy.raw, LOCK_EX | LOCK_NB)
            try source.copy(to: copy, path, progress: progress)
            guard try Self.renameOrLink((holder, hidden), place, path: path) else {
                throw FileError.system(operation: "name", path: path, code: EOPNOTSUPP)
            }
        } catch {
            _ = hidden.withCString { unlinkat(holder, $0, 0) }
            throw error
        }
    }

    /// The folder that copies begin in: this one, where a sweep finds them, unless another file system is mounted below.
    package func holderOfCopies(for place: Place, _ path: String) throws -> Int32 {
        var (own, target) = (stat(), stat())
        guard fstat(descriptor.raw, &own) == 0, fstat(place.directory, &target) == 0 else {
            throw FileError.last("examine", path)
        }
        return own.st_dev == target.st_dev ? descriptor.raw : place.directory
    }

    /// Removes the copies that earlier processes left unfinished.
    ///
    /// - Parameter unremovable: Gets the error of each that cannot be removed.
    package func sweepCopies(host: HostIdentity = .current, unremovable: (any Error) -> Void) {
        do {
            for name in try Self.names(in: descriptor, path) where name.starts(with: Self.copyPrefix.utf8) {
                do {
                    _ = try removeAbandoned(name, prefix: Self.copyPrefix, host: host, flags: O_RDWR)
                } catch {
                    unremovable(error)
                }
            }
        } catch {
            unremovable(error)
        }
    }
}
