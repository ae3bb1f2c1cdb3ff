import Colorization
import Dispatch
import Foundation
import Imaging
import Kernels
import Service
import Synchronization

/// Paints small pictures of draws and hints at once, from conditions and draws that are kept.
final class PreviewStudio: Sendable {
    /// The pictures of one preview.
    struct Sheet: Sendable {
        let id: DeskID
        let width: Int
        let height: Int
        let seed: UInt64
        /// Variants that stay, from 0.
        let kept: Set<Int>
        let draws: [Draw]
        /// As JPEG, in the variants' order.
        let pictures: [Data]
    }

    private struct State {
        /// The last used at the end.
        var sessions: [(key: String, session: ColoringSession)] = []
        var sheets: [Sheet] = []
        /// What is to be made ahead, of the photograph that was looked at last.
        var ahead: [(order: StudioOrder, gray: @Sendable () throws -> Photograph)] = []
        var isPreparing = false
        var isStopped = false
    }

    /// Conditions and draws that are kept, some four megabytes each.
    private static let keptSessions = 12
    private static let keptSheets = 48

    private let execution: Execution
    private let model: @Sendable () throws -> LoadedModel
    private let state = Mutex(State())
    /// One session at a time is made: two would take twice as long each.
    private let making = Mutex(())
    private let ahead = DispatchQueue(label: "autochrome.desk.ahead", qos: .utility)

    init(threads: Int, model: @escaping @Sendable () throws -> LoadedModel) {
        execution = Execution(threads: threads)
        self.model = model
    }

    /// Paints an order's pictures.
    ///
    /// - Parameter gray: Reads the photograph without colour.
    func paint(_ order: StudioOrder, gray: () throws -> Photograph) throws -> Sheet {
        let session = try session(order, gray)
        let draws = order.draws ?? session.selected(order.request)
        let colorings = try session.colorings(draws, hints: order.hints)
        let preview = session.preview(longSide: PreviewFiles.graySide)
        let saturation = order.request.settings.saturation
        let pictures = execution.map(colorings.count) { index in
            Result {
                try preview.colored(colorings[index].field, saturation: saturation).jpeg(quality: PreviewFiles.quality)
            }
        }
        let sheet = Sheet(
            id: DeskID(random: .preview), width: preview.width, height: preview.height, seed: order.seed,
            kept: order.kept, draws: draws, pictures: try pictures.map { try $0.get() })
        state.withLock { state in
            state.sheets.append(sheet)
            if state.sheets.count > Self.keptSheets { state.sheets.removeFirst() }
        }
        return sheet
    }

    /// Makes the sessions of a photograph's orders in the background; those of one before that are not made yet are given up.
    func prepare(_ orders: [StudioOrder], gray: @escaping @Sendable () throws -> Photograph) {
        let begins = state.withLock { state in
            if state.isStopped { return false }
            state.ahead = orders.map { ($0, gray) }
            defer { state.isPreparing = true }
            return !state.isPreparing
        }
        if begins { ahead.async { [self] in prepareAll() } }
    }

    /// Gives up what is to be made ahead, and waits for what is being made: libraries must not end under it.
    func stop(until end: DispatchTime) {
        state.withLock { ($0.ahead, $0.isStopped) = ([], true) }
        ahead.drain(until: end)
    }

    private func prepareAll() {
        while let next = next() {
            // Whoever asks for the picture is told what is wrong.
            _ = try? session(next.order, next.gray)
        }
    }

    /// What is to be made ahead now; nil where nothing is left.
    private func next() -> (order: StudioOrder, gray: @Sendable () throws -> Photograph)? {
        state.withLock { state in
            state.isPreparing = !state.ahead.isEmpty
            return state.ahead.isEmpty ? nil : state.ahead.removeFirst()
        }
    }

    /// A picture of a preview; nil where it is not kept any more.
    func picture(_ id: DeskID, _ number: Int) -> Data? {
        state.withLock { state in
            guard let sheet = state.sheets.last(where: { $0.id == id }), sheet.pictures.indices.contains(number - 1)
            else { return nil }
            return sheet.pictures[number - 1]
        }
    }

    private func session(_ order: StudioOrder, _ gray: () throws -> Photograph) throws -> ColoringSession {
        if let session = known(order.key) { return session }
        return try making.withLock { _ in
            if let session = known(order.key) { return session }
            let session = try ColoringSession(
                order.request, gray(), colorizer: model().colorizer, execution)
            state.withLock { state in
                state.sessions.append((order.key, session))
                if state.sessions.count > Self.keptSessions { state.sessions.removeFirst() }
            }
            return session
        }
    }

    private func known(_ key: String) -> ColoringSession? {
        state.withLock { state in
            guard let place = state.sessions.lastIndex(where: { $0.key == key }) else { return nil }
            let found = state.sessions.remove(at: place)
            state.sessions.append(found)
            return found.session
        }
    }
}
