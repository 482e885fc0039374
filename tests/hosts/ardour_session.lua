-- A session with one track that plays a recording through the effect arg[1], whose preset "own" is loaded.
assert (AudioEngine:set_backend ("None (Dummy)", "", ""))
AudioEngine:set_device_name ("Uniform White Noise")
local s = create_session ("./session", "session", tonumber (arg[2]))
assert (s)
local track
for t in s:new_audio_track (2, 2, nil, 1, "track", ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true):iter () do
  track = t
end
for i = 0, 1 do track:input ():audio (i):connect ("system:capture_" .. (i + 1)) end
-- a second of anything is recorded, whose files the recording then replaces
local armed = track:to_track ():rec_enable_control ()
armed:set_value (1, PBD.GroupControlDisposition.NoGroup)
s:maybe_enable_record (false)
s:request_roll (ARDOUR.TransportRequestSource.TRS_UI)
sleep (1)
s:request_stop (false, false, ARDOUR.TransportRequestSource.TRS_UI)
sleep (1)
armed:set_value (0, PBD.GroupControlDisposition.NoGroup)
local effect = ARDOUR.LuaAPI.new_plugin (s, arg[1], ARDOUR.PluginType.VST3, "")
assert (not effect:isnil ())
track:add_processor_by_index (effect, 0, nil, true)
local plugin = effect:to_insert ():plugin (0)
assert (plugin:load_preset (plugin:preset_by_label ("own")))
track:panner_shell ():set_bypassed (true)
s:save_state ("")
close_session ()
quit ()
