"""The telephone's page: number, keypad, what was said as text, and the browser's voice."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

_STYLE: Final = """
:root{color-scheme:light dark;--paper:#faf8f3;--ink:#141d19;--soft:#66716a;--card:#fff;
--green:#0e5b44;--red:#b3352b;--line:#e6e0d2}
@media (prefers-color-scheme:dark){:root{--paper:#0d1411;--ink:#f4f1e9;--soft:#9aa39c;
--card:#141d19;--green:#45b78b;--red:#e0685e;--line:#26332d}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 "Noto Sans SC",system-ui,sans-serif;display:flex;justify-content:center}
main{width:100%;max-width:26rem;padding:1.5rem 1rem}h1{font-size:1.25rem;margin:0 0 1rem}
label{display:block;color:var(--soft);margin:.5rem 0 .25rem}
input{width:100%;font:inherit;font-size:1.25rem;padding:.6rem .75rem;border:1px solid var(--line);
border-radius:10px;background:var(--card);color:var(--ink)}
.keys{display:grid;grid-template-columns:repeat(3,1fr);gap:.5rem;margin:1rem 0}
button{font:inherit;font-size:1.4rem;min-height:56px;border-radius:10px;cursor:pointer;
border:1px solid var(--line);background:var(--card);color:var(--ink)}
button:disabled{opacity:.4;cursor:default}button.call{background:var(--green);color:#fff}
button.end{background:var(--red);color:#fff}.row{display:grid;grid-template-columns:1fr 1fr;
gap:.5rem;margin-top:.75rem}#typed{font-size:1.6rem;min-height:2.4rem;letter-spacing:.15em;text-align:center;
font-variant-numeric:tabular-nums}
#heard{border:1px solid var(--line);border-radius:10px;background:var(--card);padding:.75rem;
min-height:9rem;max-height:18rem;overflow:auto}#said{list-style:none;margin:0;padding:0}
#said li{margin:0 0 .5rem}#said li.mine{color:var(--soft);text-align:right}
.voice{display:flex;gap:.5rem;align-items:center;color:var(--soft);margin:.75rem 0}
.voice input{width:1.4rem;height:1.4rem}.plain{margin:0}
"""
_SCRIPT: Final = """
'use strict';
const byId=(id)=>document.getElementById(id);
let call=null,expect=null,typed='',busy=false;
const say=(text,mine)=>{const line=document.createElement('li');line.textContent=text;
if(mine)line.className='mine';byId('said').append(line);byId('heard').scrollTop=1e6;};
const speak=(one)=>{if(!byId('voice').checked||!window.speechSynthesis)return;
const words=new SpeechSynthesisUtterance(one.text);words.lang=one.language;
speechSynthesis.speak(words);};
const show=()=>{byId('typed').textContent=typed||'\\u00a0';byId('dial').disabled=!!call||busy;
byId('hang').disabled=!call;byId('number').disabled=!!call;
document.querySelectorAll('[data-key]').forEach((key)=>{key.disabled=!call||busy||!expect;});};
const ended=()=>{call=null;expect=null;typed='';say('— 通话结束 call ended —');show();};
async function send(body){busy=true;show();
try{const answer=await fetch('/telephone/call',{method:'POST',
headers:{'Content-Type':'application/json'},body:JSON.stringify(body)});
const said=await answer.json();if(said.error){say('⚠ '+said.error);ended();return;}
said.says.forEach((one)=>{say(one.text);speak(one);});expect=said.expect;typed='';
if(!expect&&call)ended();}catch(error){say('⚠ '+error.message);ended();}
finally{busy=false;show();}}
const dial=()=>{byId('said').textContent='';call='call-'+crypto.randomUUID();
send({call_id:call,event:'begin',caller:byId('number').value});};
const hang=()=>{if(window.speechSynthesis)speechSynthesis.cancel();const id=call;ended();
fetch('/telephone/call',{method:'POST',headers:{'Content-Type':'application/json'},
body:JSON.stringify({call_id:id,event:'hang_up'})});};
const give=()=>{const digits=typed;say(digits,true);
send({call_id:call,event:'digits',digits});};
const press=(key)=>{if(!call||!expect||busy)return;
if(window.speechSynthesis)speechSynthesis.cancel();
if(key==='#'){if(expect.ends_with)give();return;}
if(key==='*'){typed='';show();return;}
typed+=key;show();if(!expect.ends_with&&typed.length>=expect.digits_max)give();};
document.querySelectorAll('[data-key]').forEach((key)=>
key.addEventListener('click',()=>press(key.dataset.key)));
byId('dial').addEventListener('click',dial);byId('hang').addEventListener('click',hang);
document.addEventListener('keydown',(event)=>{if(event.target===byId('number'))return;
if(/^[0-9#*]$/.test(event.key))press(event.key);});
show();
"""


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


STYLE_SOURCE: Final = _source(_STYLE)
SCRIPT_SOURCE: Final = _source(_SCRIPT)
_KEYS: Final = "".join(
    f'<button type="button" data-key="{key}" aria-label="{words}">{key}</button>'
    for key, words in (
        *((str(digit), str(digit)) for digit in range(1, 10)),
        ("*", "清除 clear"),
        ("0", "0"),
        ("#", "结束 finish"),
    )
)
PAGE: Final = f"""<!doctype html>
<html lang="zh-Hans"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>沙盒电话 Sandbox telephone</title><style>{_STYLE}</style></head>
<body><main>
<h1>沙盒电话 Sandbox telephone</h1>
<label for="number">主叫号码 Calling from</label>
<input id="number" inputmode="tel" autocomplete="off" value="19900001234">
<div class="row"><button type="button" class="call" id="dial">拨打 Call</button>
<button type="button" class="end" id="hang">挂断 Hang up</button></div>
<div class="voice"><input type="checkbox" id="voice" checked>
<label for="voice" class="plain">朗读提示 Speak the prompts</label></div>
<div id="heard" role="log" tabindex="0" aria-label="提示 Prompts"><ul id="said"></ul></div>
<div id="typed" role="status" aria-label="已输入 Typed">&nbsp;</div>
<div class="keys">{_KEYS}</div>
</main><script>{_SCRIPT}</script></body></html>
"""
