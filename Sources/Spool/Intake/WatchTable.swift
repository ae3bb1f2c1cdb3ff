import Files
import CInotifyTools
import Foundation
import Synchronization

/// The watches on the folders of the inbox, through libinotifytools.
///
/// The library keeps its state in global variables, so that one table exists at a time and only
/// the intake's thread touches it. The library never forgets the name of a folder that was deleted, and would answer a
/// question for that name with the dead watch; each watch is therefore made under a spelling of its own of the folder's
/// path, and the way from watch to folder is kept here.
struct WatchTable: ~Copyable {
    /// What happened, and where.
    struct Event {
        let mask: UInt32
        /// The folder; nil for the wake file and for events of no folder.
        let folder: RelativePath?
        let name: [UInt8]

        func has(_ bit: some BinaryInteger) -> Bool { mask & UInt32(truncatingIfNeeded: bit) != 0 }
        var isDirectory: Bool { has(IN_ISDIR) }
    }

    private static let isTaken = Mutex(false)
    /// Folders that may be deleted before the library's dead entries are thrown away.
    private static let deadLimit = 20_000

    private let root: [UInt8]
    private let wakeFile: String
    private var folders: [Int32: RelativePath] = [:]
    private var watches: [RelativePath: Int32] = [:]
    private var spellings: UInt32 = 0
    private var dead = 0

    /// Why there is no table.
    struct Unavailable: Error {
        let reason: String
    }

    /// Makes the process's only table; throws `Unavailable` where there is one already or the kernel refuses.
    ///
    /// - Parameters:
    ///   - root: The absolute, resolved path of the inbox.
    ///   - wakeFile: A file outside the inbox; writing to it ends a wait for events.
    init(root: String, wakeFile: String) throws {
        let isFree = Self.isTaken.withLock { taken in
            defer { taken = true }
            return !taken
        }
        guard isFree else { throw Unavailable(reason: "another watch runs in this process") }
        guard watch_initialize() != 0 else {
            Self.isTaken.withLock { $0 = false }
            throw Unavailable(reason: "inotify is not available: \(String(cString: strerror(watch_error())))")
        }
        self.root = Array(root.utf8)
        self.wakeFile = wakeFile
        _ = inotifytools_watch_file(wakeFile, Int32(IN_CLOSE_WRITE))
    }

    // The library stays initialised: cleaning up would leave events of old watches in its buffer, whose numbers the next
    // table's watches would repeat.
    deinit {
        for watch in folders.keys { inotifytools_remove_watch_by_wd(watch) }
        Self.isTaken.withLock { $0 = false }
    }

    var count: Int { folders.count }
    var needsRenewal: Bool { dead >= Self.deadLimit }

    func contains(_ folder: RelativePath) -> Bool { watches[folder] != nil }

    /// Watches a folder; returns the error number where the kernel refuses, `ENOSPC` for a full watch table.
    mutating func add(_ folder: RelativePath) -> Int32? {
        let events =
            IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
        let flags = Int32(bitPattern: UInt32(IN_ONLYDIR) | UInt32(IN_DONT_FOLLOW) | UInt32(IN_EXCL_UNLINK))
        spellings += 1
        let name = spelling(folder, spellings)
        guard name[...].withCString({ inotifytools_watch_file($0, Int32(events) | flags) }) != 0 else {
            let code = watch_error()
            return code == 0 ? EIO : code
        }
        // The library ends the names of folders with a slash.
        let watch = (name + [UInt8(ascii: "/")])[...].withCString { inotifytools_wd_from_filename($0) }
        guard watch > 0 else { return ENOENT }
        // A folder that was moved keeps its watch, and the kernel gives the same one again.
        if let old = folders[watch], watches[old] == watch { watches[old] = nil }
        folders[watch] = folder
        watches[folder] = watch
        return nil
    }

    /// Stops watching a folder and those below it.
    mutating func removeTree(_ folder: RelativePath) {
        for (path, watch) in watches where path == folder || path.isInside(folder) {
            watches[path] = nil
            folders[watch] = nil
            inotifytools_remove_watch_by_wd(watch)
        }
    }

    /// Throws away all watches and the library's memory of dead ones; every folder must be added again.
    mutating func renew() {
        watch_cleanup()
        folders = [:]
        watches = [:]
        dead = 0
        _ = watch_initialize()
        _ = inotifytools_watch_file(wakeFile, Int32(IN_CLOSE_WRITE))
    }

    /// Waits up to some whole seconds for the next event; nil where none came.
    mutating func next(timeout: Int) -> Event? {
        // Not inotifytools_next_event, to which zero seconds mean for ever.
        guard let event = inotifytools_next_events(timeout, 1) else { return nil }
        let watch = event.pointee.wd
        let mask = event.pointee.mask
        let name = Array(UnsafeRawBufferPointer(start: watch_event_name(event), count: strlen(watch_event_name(event))))
        let folder = folders[watch]
        if mask & UInt32(IN_IGNORED) != 0, let folder {
            // The kernel has dropped the watch. The library's entry stays and can only be counted.
            folders[watch] = nil
            if watches[folder] == watch { watches[folder] = nil }
            dead += 1
        }
        return Event(mask: mask, folder: folder, name: name)
    }

    /// A path of the folder that no watch was made under before: `/` and `/.` between the root and the rest spell a number.
    private func spelling(_ folder: RelativePath, _ number: UInt32) -> [UInt8] {
        var path = root
        for bit in 0..<(UInt32.bitWidth - number.leadingZeroBitCount) {
            path += number >> bit & 1 == 0 ? "/".utf8 : "/.".utf8
        }
        path.append(UInt8(ascii: "/"))
        // The root itself ends with a dot, lest the slashes before it count for nothing when the library adds its own.
        path += folder.isRoot ? Array(".".utf8) : folder.bytes
        return path
    }
}
