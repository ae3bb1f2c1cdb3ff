import Files

extension Folder {
    /// Calls a function for every plain file below, folder by folder and in order of name, but for the names that a
    /// service's intake ignores.
    ///
    /// - Parameters:
    ///   - except: Folders that are not entered, by device and inode.
    ///   - unreadable: Gets the error of each folder that cannot be read; the others are gone through all the same.
    package func forEachFile(
        except: Set<FileIdentity> = [], unreadable: (any Error) -> Void, _ body: (RelativePath) throws -> Void
    ) throws {
        let rules = IgnoreRules(excludes: [])
        try forEachFolder(unreadable: unreadable) { _, files, folders in
            for file in files where !rules.ignores(file.path, isDirectory: false) { try body(file.path) }
            return folders.filter { folder in
                return !rules.ignores(folder.path, isDirectory: true)
                    && !except.contains(folder.status.stamp.identity)
            }
        }
    }
}
