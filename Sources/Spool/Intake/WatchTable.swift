import CInotifyTools
import Files
import Foundation
import Synchronization

/// The watches on the folders of the inbox.
///
/// libinotifytools opens inotify, reads its events and closes it. It keeps its state in global variables, so that one
/// table exists at a time and only the intake's thread touches it. The library's own record of watches goes by name and
/// never forgets the name of a deleted folder; watches are therefore made on its descriptor and recorded here.
struct WatchTable: ~Copyable {
    /// An event and the folder where it happened.
    struct Event {
        let mask: UInt32
        /// The folder; nil for events of no folder.
        let folder: RelativePath?
        let name: [UInt8]

        func has(_ bit: some BinaryInteger) -> Bool { mask & UInt32(truncatingIfNeeded: bit) != 0 }
        var isDirectory: Bool { has(IN_ISDIR) }
    }

    /// The reason why there is no table.
    struct Unavailable: Error {
        let reason: String
    }

    private static let isTaken = Mutex(false)

    private let root: [UInt8]
    /// The library's, open until `close()`; it has something to read when events have come.
    private(set) var descriptor: Int32
    private var folders: [Int32: RelativePath] = [:]
    private var watches: [RelativePath: Int32] = [:]

    /// Makes the process's only table; throws `Unavailable` where there is one already or the kernel refuses.
    ///
    /// - Parameter root: The absolute, resolved path of the inbox.
    init(root: String) throws(Unavailable) {
        let isFree = Self.isTaken.withLock { taken in
            defer { taken = true }
            return !taken
        }
        guard isFree else { throw Unavailable(reason: "another watch runs in this process") }
        do {
            descriptor = try Self.openLibrary()
        } catch {
            Self.isTaken.withLock { $0 = false }
            throw error
        }
        self.root = Array(root.utf8)
    }

    deinit {
        Self.closeLibrary(descriptor, folders.keys)
        Self.isTaken.withLock { $0 = false }
    }

    var count: Int { folders.count }

    func contains(_ folder: RelativePath) -> Bool { watches[folder] != nil }

    /// Watches a folder; returns the error number where the kernel refuses, `ENOSPC` for a full watch table.
    mutating func add(_ folder: RelativePath) -> Int32? {
        let events =
            IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
        let flags = UInt32(IN_ONLYDIR) | UInt32(IN_DONT_FOLLOW) | UInt32(IN_EXCL_UNLINK)
        let path = root + (folder.isRoot ? [] : [UInt8(ascii: "/")] + folder.bytes)
        let watch = path[...].withCString { inotify_add_watch(descriptor, $0, UInt32(events) | flags) }
        guard watch > 0 else { return errno }
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
            inotify_rm_watch(descriptor, watch)
        }
    }

    /// Throws away all watches and the events that were not read; every folder must be added again.
    mutating func renew() throws(Unavailable) {
        Self.closeLibrary(descriptor, folders.keys)
        folders = [:]
        watches = [:]
        descriptor = -1
        descriptor = try Self.openLibrary()
    }

    /// The next event that has come; nil where there is none.
    mutating func next() -> Event? {
        // Not inotifytools_next_event, to which zero seconds mean for ever.
        guard let event = inotifytools_next_events(0, 1) else { return nil }
        let watch = event.pointee.wd
        let mask = event.pointee.mask
        let name = Array(UnsafeRawBufferPointer(start: watch_event_name(event), count: strlen(watch_event_name(event))))
        let folder = folders[watch]
        if mask & UInt32(IN_IGNORED) != 0, let folder {
            // The kernel has dropped the watch.
            folders[watch] = nil
            if watches[folder] == watch { watches[folder] = nil }
        }
        return Event(mask: mask, folder: folder, name: name)
    }

    /// Opens inotify through the library, and returns the descriptor that it does not tell.
    private static func openLibrary() throws(Unavailable) -> Int32 {
        let before = inotifyDescriptors()
        guard watch_initialize() != 0 else {
            throw Unavailable(reason: "inotify is not available: \(String(cString: strerror(watch_error())))")
        }
        let opened = inotifyDescriptors().subtracting(before)
        guard let descriptor = opened.first, opened.count == 1 else {
            watch_cleanup()
            throw Unavailable(reason: "inotify's descriptor is not to be found in /proc")
        }
        return descriptor
    }

    /// Closes inotify, with nothing left in the library's buffer: the next descriptor's watches have the same numbers.
    private static func closeLibrary(_ descriptor: Int32, _ watches: some Collection<Int32>) {
        guard descriptor >= 0 else { return }
        for watch in watches { inotify_rm_watch(descriptor, watch) }
        while inotifytools_next_events(0, 1) != nil {}
        watch_cleanup()
    }

    /// The inotify descriptors of this process.
    private static func inotifyDescriptors() -> Set<Int32> {
        let folder = "/proc/self/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return Set(
            names.filter {
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")) == "anon_inode:inotify"
            }.compactMap { Int32($0) })
    }
}
