import ArgumentParser
import Colorization
import Imaging

extension OutputFormat: ExpressibleByArgument {}
extension MetadataPolicy: ExpressibleByArgument {}
extension ColoringSettings.SidecarPolicy: ExpressibleByArgument {}
extension ColoringSettings.ColoredPolicy: ExpressibleByArgument {}

private let defaults = ColoringSettings()

/// The settings of a coloring; those not given stay as settings files or defaults have them.
struct ColoringOptions: ParsableArguments {
    @Option(
        help:
            "Variants of each photograph, \(ColoringSettings.samplesRange.words). (default: \(defaults.samples))")
    var samples: Int?
    @Option(
        help:
            """
            Draws that the variants are chosen out of, \(ColoringSettings.candidatesRange.words). \
            (default: \(defaults.candidates))
            """)
    var candidates: Int?
    @Option(
        help: ArgumentHelp(
            "A known colour: X,Y=#RRGGBB in pixels of the upright picture or per cent. May be given several times.",
            valueName: "hint"))
    var hint: [String] = []
    @Option(help: "Selects the variants; the same seed gives the same. (default: \(defaults.seed))") var seed: UInt64?
    @Option(
        help:
            """
            Spread of the variants, \(ColoringSettings.temperatureRange.words); 1 is what was learned. \
            (default: \(ClosedRange.word(defaults.temperature)))
            """)
    var temperature: Double?
    @Option(
        help:
            """
            Factor on the strength of all colours, \(ColoringSettings.saturationRange.words). \
            (default: \(ClosedRange.word(defaults.saturation)))
            """)
    var saturation: Double?
    @Option(
        help:
            """
            A further factor on the colours of the most likely colouring, \(ColoringSettings.saturationRange.words), which \
            are an average and paler than life. (default: \(ClosedRange.word(defaults.modeSaturation)))
            """)
    var modeSaturation: Double?
    @Option(help: "jpeg, png, webp or tiff. (default: \(defaults.format.rawValue))") var format: OutputFormat?
    @Option(
        help: "Quality of jpeg and webp, \(ColoringSettings.qualityRange.words). (default: \(defaults.quality))")
    var quality: Int?
    @Option(help: "Photographs already in colour: skip, recolor or reject. (default: \(defaults.colored.rawValue))")
    var colored: ColoringSettings.ColoredPolicy?
    @Flag(inversion: .prefixedNo, help: "Make variant 1 the most likely colouring. (default: yes)") var modeFirst: Bool?
    @Flag(inversion: .prefixedNo, help: "Write a contact sheet.") var sheet: Bool?
    @Flag(inversion: .prefixedNo, help: "Write a map of where the variants disagree.") var uncertainty: Bool?
    @Option(
        help: """
            What variants carry of a photograph's metadata: keep, or minimal for dates alone. \
            (default: \(defaults.metadata.rawValue))
            """)
    var metadata: MetadataPolicy?
    @Option(help: "Files beside the variants: none or xmp. (default: \(defaults.sidecars.rawValue))")
    var sidecars: ColoringSettings.SidecarPolicy?

    func validate() throws {
        var settings = ColoringSettings()
        apply(to: &settings)
        do {
            for text in hint { _ = try ColorHint(text) }
            try settings.validate()
        } catch { throw ValidationError("\(error)") }
    }

    func apply(to settings: inout ColoringSettings) {
        if let samples { settings.samples = samples }
        if let candidates { settings.candidates = candidates }
        if !hint.isEmpty { settings.hints = hint.compactMap { try? ColorHint($0) } }
        if let seed { settings.seed = seed }
        if let temperature { settings.temperature = temperature }
        if let saturation { settings.saturation = saturation }
        if let modeSaturation { settings.modeSaturation = modeSaturation }
        if let format { settings.format = format }
        if let quality { settings.quality = quality }
        if let colored { settings.colored = colored }
        if let modeFirst { settings.modeFirst = modeFirst }
        if let sheet { settings.sheet = sheet }
        if let uncertainty { settings.uncertainty = uncertainty }
        if let metadata { settings.metadata = metadata }
        if let sidecars { settings.sidecars = sidecars }
    }

    /// Ends the command where hints are given for more than one photograph.
    func requireOnePhotograph(_ count: Int) throws {
        guard !hint.isEmpty, count > 1 else { return }
        Output.complain(
            "autochrome: --hint is for one photograph, not for \(count); what is known of many goes into sidecars")
        throw ExitCode(2)
    }
}
