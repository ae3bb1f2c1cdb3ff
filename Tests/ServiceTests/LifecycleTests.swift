import Testing

@testable import Service

@Suite struct LifecycleTests {
    private func life(
        _ events: some Sequence<Lifecycle.Event>
    ) -> (phase: Lifecycle.Phase, actions: [[Lifecycle.Action]]) {
        var lifecycle = Lifecycle()
        let actions = events.map { lifecycle.handle($0) }
        return (lifecycle.phase, actions)
    }

    @Test func anOrdinaryLife() {
        let (phase, actions) = life([.ready, .reload, .terminate, .idle])
        #expect(phase == .stopped)
        #expect(actions == [[.announceReady], [.reloadConfiguration], [.announceStopping, .stopIntake], [.exit]])
    }

    @Test func aSecondStopPutsTheWorkBack() {
        let (phase, actions) = life([.ready, .terminate, .terminate, .idle])
        #expect(phase == .aborting)
        #expect(actions.dropFirst(2) == [[.abandonWork, .exit], []])
    }

    @Test func aSingleRunEndsWhenAllIsDone() {
        let (phase, actions) = life([.ready, .exhausted, .idle])
        #expect(phase == .stopped)
        #expect(actions.dropFirst() == [[.announceStopping, .stopIntake], [.exit]])
    }

    @Test func aStopBeforeItIsReadyIsNotForgotten() {
        let (phase, actions) = life([.terminate, .ready])
        #expect(phase == .draining)
        #expect(actions == [[.announceStopping, .stopIntake], []], "what stops is never announced as ready")
    }

    @Test(arguments: [
        [Lifecycle.Event.reload], [.idle], [.exhausted], [.ready, .ready], [.ready, .idle], [.terminate, .reload],
        [.terminate, .exhausted], [.ready, .terminate, .terminate, .terminate], [.terminate, .idle, .terminate],
    ])
    func whatDoesNotFitDoesNothing(_ events: [Lifecycle.Event]) {
        let before = life(events.dropLast()).phase
        let (after, actions) = life(events)
        #expect(actions.last == [])
        #expect(after == before)
    }
}
